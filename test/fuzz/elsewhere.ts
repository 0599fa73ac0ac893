/**
 * What strangers' sites answer: documents of clients, good and bad, pictures, noise, and nothing.
 *
 * @module
 */
import fc from 'fast-check'
import type { Outbound } from '../../server/core/outbound.ts'
import { REDIRECT_URI } from '../support/authorization-server.ts'

/** Where clients keep their picture, those that have one. */
export const LOGO = 'https://app.example/logo.png'

/** How a picture begins. */
export const PNG: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const PICTURES = [PNG, [0xff, 0xd8, 0xff], [...'GIF89a'], [...'RIFF\0\0\0\0WEBPVP8 '], [...'<svg>'], []].map((start) =>
  start.map((one) => (typeof one === 'string' ? one.charCodeAt(0) : one)),
)

export const picture: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc
  .tuple(fc.constantFrom(...PICTURES), fc.nat({ max: 14 }), fc.uint8Array({ maxLength: 20 }))
  .map(([start, length, rest]) => new Uint8Array([...start.slice(0, length), ...rest]))

export type Elsewhere =
  | { readonly kind: 'failure'; readonly why: 'unreachable' | 'timeout' | 'client_error' | 'redirected' | 'too_large' }
  | { readonly kind: 'document'; readonly members: Readonly<Record<string, unknown>>; readonly picture: Uint8Array }
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
    arbitrary: fc
      .tuple(fc.dictionary(member, odd, { maxKeys: 2 }), fc.boolean(), picture)
      .map(([members, hasLogo, picture]): Elsewhere => {
        return { kind: 'document', members: hasLogo ? { logo_uri: LOGO, ...members } : members, picture }
      }),
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
        if (answer.kind === 'document' && url === LOGO) return found('image/png', new Uint8Array(answer.picture))
        const good = { client_id: url, client_name: 'Elsewhere', redirect_uris: [REDIRECT_URI] }
        if (answer.kind === 'bytes') return found(answer.type, new Uint8Array(answer.bytes))
        return found('application/json', new TextEncoder().encode(JSON.stringify({ ...good, ...answer.members })))
      },
    },
  }
}

const found = (type: string, body: Uint8Array<ArrayBuffer>): Awaited<ReturnType<Outbound['get']>> => ({
  ok: true,
  value: { status: 200, headers: new Headers({ 'content-type': type }), body },
})
