/**
 * Questions to a provider's token endpoint: a code for an ID token, and a refresh token for another.
 *
 * @see OpenID Connect Core 1.0 section 3.1.3, section 9 (client authentication) and section 12 (refreshing)
 * @see RFC 6749 section 2.3.1 and section 5.2
 * @module
 */

import { SignJWT } from 'jose/jwt/sign'
import { importJWK } from 'jose/key/import'
import * as v from 'valibot'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { OidcContext } from './context.ts'
import type { OidcProvider } from './provider.ts'

/** Some servers say `null` or nothing at all of what they do not give. */
const token = v.optional(
  v.pipe(
    v.nullable(v.string()),
    v.transform((given) => (given === null || given === '' ? undefined : given)),
  ),
)
const Tokens = v.object({ access_token: token, id_token: token, refresh_token: token })
export type UpstreamTokens = v.InferOutput<typeof Tokens>

const Refusal = v.object({ error: v.string() })

/** `refused`: it answered `invalid_grant`. The others say nothing of the person; `misconfigured`: it does not take this server for who it is. */
type TokenProblem = 'refused' | 'misconfigured' | 'unavailable'

const MAX_BYTES = 256 * 1024

export async function requestTokens(
  provider: OidcProvider,
  endpoint: string,
  grant: Readonly<Record<string, string>>,
  { door, now, random }: Pick<OidcContext, 'door' | 'now' | 'random'>,
): Promise<Result<UpstreamTokens, TokenProblem>> {
  const { authorization, parameters } = await authenticate(provider, endpoint, now(), random)
  const answer = await door.ask(endpoint, {
    accept: 'application/json',
    maxBytes: MAX_BYTES,
    form: new URLSearchParams({ ...grant, ...parameters }),
    ...(authorization === undefined ? {} : { authorization }),
  })
  if (!answer.ok) return err('unavailable')
  const { status, body } = answer.value
  const text = new TextDecoder().decode(body)
  if (status === 200) {
    const tokens = v.safeParse(v.pipe(v.string(), v.parseJson(), Tokens), text)
    return tokens.success ? ok(tokens.output) : err('unavailable')
  }
  const refusal = v.safeParse(v.pipe(v.string(), v.parseJson(), Refusal), text)
  return err(refusal.success ? problemOf(refusal.output.error) : 'unavailable')
}

/** RFC 6749 section 5.2. */
function problemOf(code: string): TokenProblem {
  if (code === 'invalid_grant') return 'refused'
  return ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'].includes(code)
    ? 'misconfigured'
    : 'unavailable'
}

interface Authentication {
  readonly authorization?: string
  readonly parameters: Readonly<Record<string, string>>
}

async function authenticate(
  { clientId, clientAuth }: OidcProvider,
  endpoint: string,
  now: number,
  random: OidcContext['random'],
): Promise<Authentication> {
  switch (clientAuth.method) {
    case 'client_secret_basic': {
      // RFC 6749 section 2.3.1: both are form-encoded first.
      const pair = [clientId, clientAuth.secret].map(formEncode).join(':')
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, parameters: {} }
    }
    case 'client_secret_post':
      return { parameters: { client_id: clientId, client_secret: clientAuth.secret } }
    case 'private_key_jwt':
      return {
        parameters: {
          client_id: clientId,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await new SignJWT({ jti: random(16) })
            .setProtectedHeader({
              alg: clientAuth.key.alg ?? 'ES256',
              ...(clientAuth.key.kid === undefined ? {} : { kid: clientAuth.key.kid }),
            })
            .setIssuer(clientId)
            .setSubject(clientId)
            .setAudience(endpoint)
            .setIssuedAt(now)
            .setExpirationTime(now + 60)
            .sign(await importJWK(clientAuth.key, clientAuth.key.alg ?? 'ES256')),
        },
      }
    case 'none':
      return { parameters: { client_id: clientId } }
  }
}

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
