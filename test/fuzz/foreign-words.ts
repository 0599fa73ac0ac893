/**
 * JWTs and JSON that are good but for some members, which say anything; signed by who they should be, by somebody else, or by nobody.
 *
 * @module
 */
import fc from 'fast-check'
import { encodePart } from '../support/foreign-signer.ts'

export type Members = Readonly<Record<string, unknown>>

/** `later`: seconds from now. */
type Told = { readonly value: unknown } | { readonly later: number } | 'nothing'

export type Changes = readonly (readonly [name: string, told: Told])[]

/** What is judged of a JWT, and the rest of it and of other answers. */
const JUDGED = [
  'iss',
  'sub',
  'aud',
  'exp',
  'exp',
  'iat',
  'nbf',
  'jti',
  'sid',
  'nonce',
  'client_id',
  'resource',
  'scope',
]
const name = fc.constantFrom(
  ...JUDGED,
  ...JUDGED,
  ...['azp', 'auth_time', 'at_hash', 'events', 'tenant', 'cnf', 'act', 'authorization_details'],
  ...['name', 'email', 'email_verified', 'preferred_username', 'groups'],
  ...['access_token', 'refresh_token', 'id_token', 'token_type', 'expires_in'],
  ...['issuer', 'jwks_uri', 'authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'end_session_endpoint'],
)

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\0', '\ud800', ' ', 'x'.repeat(5000), '<script>', 'https://10.0.0.1/', 'javascript:alert(1)'),
  fc.constantFrom(
    'job',
    'host',
    'notes:read',
    'notes:read notes:read',
    'https://mcp.example/mcp',
    'https://auth.example',
  ),
)

const told: fc.Arbitrary<Told> = fc.oneof(
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value) => ({ value })) },
  { weight: 2, arbitrary: text.map((value) => ({ value })) },
  { weight: 2, arbitrary: fc.integer({ min: -1600, max: 16_000 }).map((quarters) => ({ later: quarters / 4 })) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }).map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.constant<Told>('nothing') },
)

export const changes: fc.Arbitrary<Changes> = fc.array(fc.tuple(name, told), { maxLength: 3 })

/** What was to be said, changed. */
export function change(members: Members, changes: Changes, now: number): Members {
  const changed = changes.map(([name, told]): [string, unknown] => {
    if (told === 'nothing') return [name, undefined]
    return [name, 'later' in told ? now + told.later : told.value]
  })
  return JSON.parse(JSON.stringify({ ...members, ...Object.fromEntries(changed) }))
}

export interface Token {
  readonly claims: Changes
  readonly header: Members
  readonly signer: 'own' | 'stranger' | 'nobody'
}

const header = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Members>({}) },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom('alg', 'typ', 'kid', 'crit', 'b64', 'jwk', 'jku', 'cty'),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('none', 'HS256', 'ES384', 'at+jwt', 'JWT', 'jwt', false)),
      { maxKeys: 2 },
    ),
  },
)

export const token: fc.Arbitrary<Token> = fc.record({
  claims: changes,
  header,
  signer: fc.constantFrom('own', 'own', 'own', 'own', 'stranger', 'nobody'),
})

/** ES256, or no signature at all. */
export async function sign(
  claims: Members,
  typ: string,
  { header, signer }: Token,
  keys: Readonly<Record<'own' | 'stranger', CryptoKey>>,
): Promise<{ readonly compact: string; readonly claims: Members }> {
  const input = [{ alg: signer === 'nobody' ? 'none' : 'ES256', kid: 'one', typ, ...header }, claims]
    .map(encodePart)
    .join('.')
  if (signer === 'nobody') return { compact: `${input}.`, claims }
  const bytes = new TextEncoder().encode(input)
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys[signer], bytes)
  return { compact: `${input}.${Buffer.from(signature).toString('base64url')}`, claims }
}
