/**
 * What strangers' sites answer: documents of clients, good and bad, pictures, noise, and nothing.
 *
 * @module
 */
import fc from 'fast-check'
import type { Outbound } from '../../server/core/outbound.ts'
import { REDIRECT_URI } from '../support/authorization-server.ts'

/** Where a client publishes its document, sometimes. */
export const DOCUMENT_CLIENT = 'https://app.example/client.json'

export type Elsewhere =
  | { readonly kind: 'failure'; readonly why: 'unreachable' | 'timeout' | 'client_error' | 'redirected' | 'too_large' }
  | { readonly kind: 'document'; readonly members: Readonly<Record<string, unknown>> }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly type: string }

const member = fc.constantFrom(
  'client_id',
  'client_name',
  'redirect_uris',
  'jwks',
  'jwks_uri',
  'logo_uri',
  'scope',
  'token_endpoint_auth_method',
  'grant_types',
  'client_secret',
)
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('<script>', 'https://app.example/logo.png', 'private_key_jwt', 'none'),
)

export const elsewhere: fc.Arbitrary<Elsewhere> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.dictionary(member, odd, { maxKeys: 2 }).map((members): Elsewhere => ({ kind: 'document', members })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('application/json', 'text/html', 'image/png'))
      .map(([bytes, type]): Elsewhere => ({ kind: 'bytes', bytes, type })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'unreachable' as const,
        'timeout' as const,
        'client_error' as const,
        'redirected' as const,
        'too_large' as const,
      )
      .map((why): Elsewhere => ({ kind: 'failure', why })),
  },
)

/** Sites that answer as they are told; nothing leaves this machine. */
export function createElsewhere(): { readonly outbound: Outbound; tell(answer: Elsewhere): void } {
  let answer: Elsewhere = { kind: 'failure', why: 'unreachable' }
  return {
    tell(next) {
      answer = next
    },
    outbound: {
      async get(url) {
        if (answer.kind === 'failure') return { ok: false, error: answer.why }
        const good = { client_id: url, client_name: 'Elsewhere', redirect_uris: [REDIRECT_URI] }
        const body =
          answer.kind === 'bytes'
            ? new Uint8Array(answer.bytes)
            : new TextEncoder().encode(JSON.stringify({ ...good, ...answer.members }))
        const headers = new Headers({ 'content-type': answer.kind === 'bytes' ? answer.type : 'application/json' })
        return { ok: true, value: { status: 200, headers, body } }
      },
    },
  }
}
