/**
 * What a consent rests on: the client as the person saw it, and the keys that it proves itself with.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.4: changes in client metadata
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { looksLikeUrl } from '../../shared/client-id-url.ts'
import type { ClientKeys } from './client-auth/client-keys.ts'
import { isConfidential } from './client-auth/is-confidential.ts'
import { clientDigest } from './client-digest.ts'
import type { Dependencies } from './dependencies.ts'
import type { Hash } from './ports.ts'
import type { Client, Consent, Grant } from './records.ts'

interface Tools {
  readonly hash: Hash
  readonly clientKeys: Pick<ClientKeys, 'thumbprints'>
}

/** What stands for keys at a `jwks_uri` that could not be had: `keysDigest` never says it. */
const UNSEEN = ''

/** The same for as long as none of it changes. Of keys it has a part of its own, behind a dot. */
export async function consentDigest(client: Client, tools: Tools): Promise<string> {
  const digest = await clientDigest(client, tools.hash)
  return hasKeys(client) ? `${digest}.${(await keysDigest(client, tools)) ?? UNSEEN}` : digest
}

/** Whether it was given for the client as it is, and with the keys that it has now. */
export async function standsFor({ clientDigest: agreed }: Consent, client: Client, tools: Tools): Promise<boolean> {
  // From a time when clients did not change: but keys behind a URL always could.
  if (agreed === null) return client.jwksUri === null
  return agreed === (await consentDigest(client, tools)) && agreedKeys(agreed) !== UNSEEN
}

/** Whether it was given for the client as it describes itself now, whatever its keys. */
export const isSameClient = async ({ clientDigest: agreed }: Consent, client: Client, hash: Hash): Promise<boolean> =>
  agreed?.split('.')[0] === (await clientDigest(client, hash))

/**
 * Whether the keys with which a client redeems a code are those for which the person agreed: they may have changed since, in the document or at
 * the `jwks_uri`, or before, unseen. Where they could not be had then, the person was asked about the client alone.
 */
export async function hasAgreedKeys(client: Client, grant: Grant, deps: Dependencies): Promise<boolean> {
  if (!canChangeKeys(client) || !isConfidential(client)) return true
  const consent = await deps.store.consents.find(grant.userId, client.id, grant.resource)
  const agreed = agreedKeys(consent?.clientDigest ?? '')
  return agreed !== null && (agreed === UNSEEN || agreed === (await keysDigest(client, deps)))
}

const hasKeys = ({ jwks, jwksUri }: Client): boolean => jwks !== null || jwksUri !== null

/** Those of a registration are what they were registered as. */
const canChangeKeys = ({ id, jwks, jwksUri }: Client): boolean =>
  jwksUri !== null || (jwks !== null && looksLikeUrl(id))

/** Null: of no keys. */
const agreedKeys = (digest: string): string | null => digest.split('.')[1] ?? null

async function keysDigest(client: Client, { hash, clientKeys }: Tools): Promise<string | null> {
  const keys = await clientKeys.thumbprints(client)
  return keys === null ? null : hash(JSON.stringify(keys))
}
