/**
 * `private_key_jwt`: the client signs who it is, once for each request.
 *
 * @see RFC 7521 section 4.2: the parameters
 * @see RFC 7523 section 2.2 and section 3
 * @see docs/adr/0102-client-assertions.md
 * @module
 */
import { JWT_BEARER } from '../../../shared/client-assertion-type.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Replays } from '../ports.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { CLOCK_DIFFERENCE, type ClientAssertion, checkAssertion, readAssertion } from './client-assertion.ts'
import type { ClientAuthMethod } from './client-auth-method.ts'
import type { ClientKeys } from './client-keys.ts'

export interface PrivateKeyJwtOptions {
  /** What an assertion may name as its audience: the issuer, and what an operator lets it be besides. */
  readonly audiences: readonly string[]
  readonly keys: ClientKeys
  readonly replays: Replays
}

export function privateKeyJwt(options: PrivateKeyJwtOptions): ClientAuthMethod {
  return {
    name: 'private_key_jwt',
    present({ client_id, client_assertion, client_assertion_type }) {
      if (client_assertion === undefined && client_assertion_type === undefined) return null
      if (client_assertion === undefined) return reject('malformed_client_authentication')
      if (client_assertion_type !== JWT_BEARER) return reject('unsupported_assertion_type')
      const assertion = readAssertion(client_assertion)
      if (assertion === null) return reject('malformed_client_assertion')
      const clientId = assertion.claims.sub
      if (client_id !== undefined && client_id !== clientId) return reject('malformed_client_authentication')
      return ok({
        clientId,
        verify: (client, { now }) => verify(client, client_assertion, assertion, { ...options, now }),
      })
    },
  }
}

/** What costs nothing first; the `jti` last, so that nobody but the client can use one up. */
async function verify(
  client: Client,
  compact: string,
  assertion: ClientAssertion,
  { audiences, keys, replays, now }: PrivateKeyJwtOptions & { readonly now: number },
): Promise<Result<Client, Rejection>> {
  const checked = checkAssertion(assertion, audiences, now)
  if (!checked.ok) return checked
  const signed = await keys.verify(client, compact)
  if (!signed.ok) return signed
  const { jti, exp } = assertion.claims
  const key = JSON.stringify(['client_assertion', client.id, jti])
  const first = await replays.remember(key, Math.ceil(exp) + CLOCK_DIFFERENCE, now)
  return first ? ok(client) : reject('replayed_client_assertion')
}
