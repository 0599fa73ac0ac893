/**
 * Where an issuer publishes its keys, as its metadata says.
 *
 * @see OpenID Connect Discovery 1.0 section 4: the document, and that it names the issuer that was asked
 * @see RFC 8414 section 3: the same under another name
 * @module
 */
import * as v from 'valibot'
import { AuthorizationServerMetadata } from '../../../shared/authorization-server-metadata.ts'
import { insertWellKnown, OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION } from '../../../shared/well-known.ts'
import type { Outbound, OutboundFailure, OutboundRequest } from '../outbound.ts'

/** What an issuer publishes cannot be had, or is not what it has to be. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable'
  /** Undefined: there was an answer, of something else. */
  readonly failure: OutboundFailure | undefined

  constructor(failure?: OutboundFailure, options?: ErrorOptions) {
    super(failure ?? 'not what was asked for', options)
    this.failure = failure
  }
}

/** Bytes of a metadata document. */
const MAX_BYTES = 64 * 1024

/**
 * The `jwks_uri` of an issuer.
 *
 * @throws {IssuerUnavailable}
 */
export async function findKeysOf(issuer: string, outbound: Outbound): Promise<string> {
  const appended = `${issuer.replace(/\/$/, '')}${OPENID_CONFIGURATION}`
  try {
    return await readMetadata(appended, issuer, outbound)
  } catch (error) {
    const isElsewhere = error instanceof IssuerUnavailable && error.failure === 'client_error'
    if (!isElsewhere) throw error
    return readMetadata(insertWellKnown(issuer, OAUTH_AUTHORIZATION_SERVER), issuer, outbound)
  }
}

async function readMetadata(url: string, issuer: string, outbound: Outbound): Promise<string> {
  const { json } = await readJson(url, { accept: 'application/json', maxBytes: MAX_BYTES }, outbound)
  const metadata = v.safeParse(AuthorizationServerMetadata, json)
  const keys = metadata.success && metadata.output.issuer === issuer ? metadata.output.jwks_uri : undefined
  if (keys === undefined) throw new IssuerUnavailable()
  return keys
}

/** @throws {IssuerUnavailable} */
export async function readJson(
  url: string,
  request: OutboundRequest,
  outbound: Outbound,
): Promise<{ readonly json: unknown; readonly headers: Headers }> {
  const answer = await outbound.get(url, request)
  if (!answer.ok) throw new IssuerUnavailable(answer.error)
  const { body, headers } = answer.value
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)), headers }
  } catch (cause) {
    throw new IssuerUnavailable(undefined, { cause })
  }
}
