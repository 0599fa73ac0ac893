/**
 * Servers whose access tokens are not what they should be. They sign with a key of their own, which they publish.
 *
 * @module
 */
import { createKeys, type Keys, type Members, readJwt, signJws } from '../../../conformance/jose/jws.ts'
import type { Mutation } from '../mutation.ts'
import {
  at,
  both,
  changeJson,
  formOf,
  INTROSPECT,
  JWKS,
  type Mutant,
  mutant,
  REVOKE,
  TOKEN,
  withForm,
} from './mutant.ts'

const keys = await createKeys()
const other = await createKeys()

const published = ({ publicJwk }: Keys, kid: string) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })

interface Change {
  readonly header?: Members
  readonly claims?: Members
}

/** Signs every access token anew, changed, and knows its own again when it is asked about them. */
function resigned({ header = {}, claims = {} }: Change): Mutation {
  const originals = new Map<string, string>()
  return both(
    changeJson(JWKS, (members) => ({ keys: [...[members['keys']].flat(), published(keys, 'mutant')] })),
    async (sent, next) => {
      const form = formOf(sent)
      const original = originals.get(form.get('token') ?? '')
      if (original === undefined || !(at(sent, INTROSPECT) || at(sent, REVOKE))) return next(sent)
      form.set('token', original)
      return next(withForm(sent, form))
    },
    async (sent, next) => {
      const response = await next(sent)
      if (!at(sent, TOKEN) || !response.ok || sent.method !== 'POST') return response
      const members = await response.json()
      const read = readJwt(members.access_token)
      if (read === undefined) return Response.json(members, { headers: response.headers })
      const changedHeader = { ...read.header, alg: 'ES256', kid: 'mutant', ...header }
      const token = await signJws(changedHeader, { ...read.claims, ...claims }, keys.privateKey, 'ES256')
      originals.set(token, members.access_token)
      const headers = new Headers(response.headers)
      headers.delete('content-length')
      return new Response(JSON.stringify({ ...members, access_token: token }), { headers })
    },
  )
}

export const ACCESS_TOKEN_MUTANTS: readonly Mutant[] = [
  mutant('resource-audience', 'gives tokens for somebody else', () =>
    resigned({ claims: { aud: 'https://other.example' } }),
  ),
  mutant('resource-audience-only', 'gives tokens for everybody besides', () =>
    resigned({ claims: { aud: ['https://mcp.example/mcp', 'https://other.example'] } }),
  ),
  mutant('token-jwt-claims', 'gives tokens for longer than it says', () =>
    resigned({ claims: { exp: 4_000_000_000 } }),
  ),
  mutant('token-jwt-claims', 'gives tokens in the name of somebody else', () =>
    resigned({ claims: { iss: 'https://other.example' } }),
  ),
  mutant('token-jwt-claims', 'gives tokens without an id', () => resigned({ claims: { jti: undefined } })),
  mutant('token-jwt-claims', 'gives tokens to another client', () => resigned({ claims: { client_id: 'another' } })),
  mutant('token-jwt-claims', 'gives tokens that have expired', () => resigned({ claims: { exp: 1_000_000_000 } })),
  mutant('token-jwt-type', 'gives access tokens that could be any JWT', () => resigned({ header: { typ: 'JWT' } })),
  mutant('token-jwt-signature', 'publishes other keys than it signs with', () =>
    changeJson(JWKS, (members) => ({
      keys: [members['keys']].flat().map((key: unknown) => ({ ...Object(key), ...other.publicJwk })),
    })),
  ),
]
