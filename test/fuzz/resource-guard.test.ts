/**
 * The resource module under any credentials and any body: nobody passes without a whole token, nor with too little scope, and whoever
 * does not pass is told so by challenge.
 *
 * @see RFC 6750 section 3
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import { findChallenge } from '../../shared/challenge.ts'
import { craftProof, createProver } from '../support/dpop-proofs.ts'
import { encodePart } from '../support/foreign-signer.ts'
import { createResourceFixture, METADATA_URL, RESOURCE, refused, toolCall } from '../support/resource-fixture.ts'
import { fuzz } from './runs.ts'
import { CANARY, headerText, loose } from './values.ts'

const { issuer, notes, events } = await createResourceFixture()
const foreign = await createResourceFixture()
const reader = await issuer.sign({ scope: 'notes:read' })
const others = [
  await foreign.issuer.sign(),
  await issuer.sign({ aud: 'https://other.example/mcp' }),
  await issuer.sign({ exp: 1 }),
  await issuer.sign({}, { typ: 'JWT' }),
  `${reader.split('.').slice(0, 2).join('.')}.`,
]

type Token = { readonly kind: 'good' | 'other' | 'spoiled' | 'none'; readonly text: string }

const token: fc.Arbitrary<Token> = fc.oneof(
  fc.constant<Token>({ kind: 'good', text: `Bearer ${reader}` }),
  fc.constantFrom(...others).map((one): Token => ({ kind: 'other', text: `Bearer ${one}` })),
  fc
    .tuple(fc.nat({ max: reader.length - 1 }), fc.constantFrom('', 'A', '-', '.', '=', ' ', ',', `${CANARY}`))
    .map(
      ([at, put]): Token => ({ kind: 'spoiled', text: `Bearer ${reader.slice(0, at)}${put}${reader.slice(at + 1)}` }),
    )
    .filter(({ text }) => text !== `Bearer ${reader}`),
  loose(reader)
    .filter((text) => text !== reader)
    .map((text): Token => ({ kind: 'spoiled', text: `Bearer ${text}` })),
  headerText.map((text): Token => ({ kind: 'none', text })),
  fc
    .constantFrom(
      `Bearer ${reader}, Bearer ${reader}`,
      `Basic ${reader}`,
      `DPoP ${reader}`,
      reader,
      `Bearer ${reader} ${reader}`,
      'Bearer',
    )
    .map((text): Token => ({ kind: 'none', text })),
)

const message = fc.oneof(
  fc
    .constantFrom('notes_list', 'notes_add', 'notes_clear', '__proto__', CANARY)
    .map((name) => JSON.stringify(toolCall(name))),
  fc
    .array(
      fc.constantFrom(toolCall('notes_add'), toolCall('notes_list'), { jsonrpc: '2.0', id: 1, result: {} }, CANARY),
      { maxLength: 4 },
    )
    .map((all) => JSON.stringify(all)),
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc
    .record({
      jsonrpc: fc.constant('2.0'),
      method: fc.constantFrom('tools/call', 'tools/list'),
      params: fc.jsonValue(),
    })
    .map((json) => JSON.stringify(json)),
  fc.constantFrom(
    '{"method":"tools/call","params":{"name":"notes_list","name":"notes_add"}}',
    '{"method":"tools/call","method":"tools/list"}',
    '\ufeff{}',
    '',
    CANARY,
  ),
)

/** A message with a byte of another encoding in it. */
const foreign8bit = message.chain((text) =>
  fc.tuple(fc.nat({ max: text.length }), fc.integer({ min: 128, max: 255 })).map(([at, byte]) => {
    const bytes = new TextEncoder().encode(text)
    return new Uint8Array([...bytes.slice(0, at), byte, ...bytes.slice(at)])
  }),
)

const body: fc.Arbitrary<string | Uint8Array<ArrayBuffer>> = fc.oneof(
  { weight: 4, arbitrary: message },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => new Uint8Array(bytes)) },
  { weight: 1, arbitrary: foreign8bit },
)

const request = fc.record({
  token,
  body,
  method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'FOO'),
  path: fc.constantFrom(
    '/mcp',
    '/mcp',
    '/mcp',
    '/mcp/',
    '/',
    '/.well-known/oauth-protected-resource/mcp',
    '/mcp/.well-known/openid-configuration',
    `/mcp/${CANARY}`,
    `/.well-known/${CANARY}`,
  ),
  query: fc.constantFrom('', `?access_token=${reader}`, `?${CANARY}`),
  origin: fc.constantFrom(null, null, 'https://mcp.example', 'http://localhost:1', 'https://evil.example', CANARY),
  encoding: fc.constantFrom(null, null, 'gzip', 'utf-16', CANARY),
})

/** Whether all readers read the same in it. */
const isPlain = (text: string | Uint8Array): boolean =>
  typeof text === 'string' || new TextEncoder().encode(new TextDecoder().decode(text)).length === text.length

/** The tools that a body would run, read as leniently as a server behind might. */
function toolsIn(text: string | Uint8Array): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text))
    return [parsed].flat().flatMap((one) => {
      const { method, params } = Object(one)
      return method === 'tools/call' ? [Object(params).name] : []
    })
  } catch {
    return []
  }
}

describe('whoever is no caller is refused', () => {
  fuzz(
    'any Authorization header with any body',
    150,
    request,
    async ({ token, body, method, path, query, origin, encoding }) => {
      const headers = new Headers({ authorization: token.text, 'content-type': 'application/json' })
      if (origin !== null) headers.set('origin', origin)
      if (encoding !== null) headers.set('content-encoding', encoding)
      let passed = 0
      const serve = notes.serve((inner) => {
        passed += 1
        expect(inner.headers.has('authorization')).toBe(false)
        return Response.json({})
      })
      const carries = method !== 'GET' && method !== 'HEAD'
      const url = new URL(path, RESOURCE).href + query
      const response = await serve(new Request(url, { method, headers, body: carries ? body : null }))
      const text = await response.text()
      const said = `${JSON.stringify([...response.headers])} ${text}`

      if (passed > 0) {
        expect(token.kind).toBe('good')
        expect(['https://evil.example', CANARY]).not.toContain(origin)
        if (carries) expect(isPlain(body)).toBe(true)
        if (carries) for (const tool of toolsIn(body)) expect(['notes_add', 'notes_clear']).not.toContain(String(tool))
      }
      expect([200, 204, 400, 401, 403, 404, 405]).toContain(response.status)
      expect(said.includes(CANARY)).toBe(false)
      expect(said.includes(reader)).toBe(false)
      expect(JSON.stringify(events.splice(0)).includes(reader)).toBe(false)
      if (response.status === 401) {
        const scheme = /^dpop /i.test(token.text.trim()) ? 'DPoP' : 'Bearer'
        const challenge = findChallenge(response.headers.get('www-authenticate'), scheme)
        expect(challenge?.params['resource_metadata']).toBe(METADATA_URL)
      }
      if (response.status >= 400 && text !== '') expect(JSON.parse(text)).toBeObject()
    },
  )
})

const prover = await createProver()
const bound = await issuer.sign({ cnf: { jkt: prover.thumbprint } })
const proof = await craftProof(prover, { method: 'GET', url: RESOURCE, now: 1_800_000_000, accessToken: bound })

describe('whoever does not hold the key is refused', () => {
  fuzz(
    'any DPoP header with a bound token',
    60,
    fc.oneof(
      fc
        .tuple(fc.nat({ max: proof.length - 1 }), fc.constantFrom('', 'A', '-', '.', '=', ' ', ',', 'é'))
        .map(([at, put]) => proof.slice(0, at) + put + proof.slice(at + 1)),
      loose(proof),
      headerText,
      fc.tuple(fc.jsonValue(), fc.jsonValue()).map((parts) => `${parts.map(encodePart).join('.')}.AAAA`),
    ),
    async (dpop) => {
      const headers = new Headers({ authorization: `DPoP ${bound}` })
      try {
        headers.set('dpop', dpop)
      } catch {
        return
      }
      const outcome = await notes.handle(new Request(RESOURCE, { headers }))
      if (headers.get('dpop') === proof) return
      const said = refused(outcome)
      expect(said.status).toBe(401)
      expect(findChallenge(said.headers.get('www-authenticate'), 'DPoP')?.params['error']).toBe('invalid_dpop_proof')
      expect(JSON.stringify(events.splice(0)).includes(bound)).toBe(false)
    },
  )
})
