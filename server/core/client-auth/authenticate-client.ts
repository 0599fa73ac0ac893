/**
 * Step 1 of every direct request: which client is it, by exactly one of the offered methods, and one that it registered.
 *
 * @see RFC 6749 section 2.3: not more than one method per request
 * @see RFC 6749 section 5.2: `invalid_client`
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.2: a declared `private_key_jwt` is required
 * @module
 */
import type { ClientAuthMethod as MethodName } from '../../../shared/client-metadata.ts'
import { err, type Result } from '../../../shared/result.ts'
import type { Clients, Hash } from '../ports.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import type { ClientAuthInput, ClientAuthMethod, PresentedClient } from './client-auth-method.ts'

interface Tools {
  readonly methods: readonly ClientAuthMethod[]
  readonly clients: Pick<Clients, 'find' | 'findAnew'>
  readonly hash: Hash
  readonly now: number
}

export async function authenticateClient(input: ClientAuthInput, tools: Tools): Promise<Result<Client, Rejection>> {
  const used = tools.methods.flatMap(({ name, present }) => {
    const presented = present(input)
    return presented === null ? [] : [{ name, presented }]
  })
  const [only, ...others] = used
  if (only === undefined) return reject('missing_client_authentication')
  if (others.length > 0) return reject('several_client_authentications')
  const { name, presented } = only
  if (!presented.ok) return presented
  const client = await tools.clients.find(presented.value.clientId)
  if (client === null) return reject('unknown_client')
  const outcome = await prove(client, name, presented.value, tools)
  if (outcome.ok || client.secrets.length === 0) return outcome
  // Perhaps by a secret that it was given a moment ago, in another process.
  const anew = await tools.clients.findAnew(client.id)
  return anew === null ? reject('unknown_client') : prove(anew, name, presented.value, tools)
}

async function prove(
  client: Client,
  name: MethodName,
  presented: PresentedClient,
  tools: Tools,
): Promise<Result<Client, Rejection>> {
  const proven = mayUse(client, name)
    ? await presented.verify(client, tools)
    : reject(name === 'none' ? 'missing_client_authentication' : 'unregistered_auth_method')
  return proven.ok ? proven : err({ ...proven.error, clientId: client.id })
}

/** Pure. A client with a secret may send it either way, whichever it registered: hosts do. */
function mayUse({ authMethods }: Client, name: MethodName): boolean {
  return authMethods.some(
    (method) => method === name || (CARRY_SECRETS.includes(method) && CARRY_SECRETS.includes(name)),
  )
}

const CARRY_SECRETS: readonly MethodName[] = ['client_secret_basic', 'client_secret_post']
