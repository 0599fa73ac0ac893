/**
 * Signatures, messages, documents and schemas: anything may come, and what is taken is what it says.
 *
 * @see RFC 7515 section 7.1
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4.1
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import { decodeProtectedHeader } from 'jose'
import * as v from 'valibot'
import { displayText } from '../../server/pages/display-text.ts'
import { parseJws } from '../../server/resource/jws.ts'
import { readOperations } from '../../server/resource/required-scopes.ts'
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'
import { fuzz } from './runs.ts'
import { anyText, headerText, loose, url } from './values.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

describe('what signatures and messages are made of', () => {
  const part = fc.oneof(
    fc.jsonValue().map((json) => Buffer.from(JSON.stringify(json)).toString('base64url')),
    bytes.map((raw) => Buffer.from(raw).toString('base64url')),
    headerText,
  )
  const header = fc.record(
    {
      alg: fc.constantFrom('ES256', 'none', ''),
      typ: fc.constantFrom('at+jwt', 'at+jwt', 1),
      crit: fc.constant(['b64']),
      kid: fc.string(),
    },
    { requiredKeys: ['alg'] },
  )
  const compact = fc
    .oneof(
      fc.array(part, { maxLength: 5 }),
      fc.tuple(header, fc.dictionary(fc.string(), fc.jsonValue()), bytes).chain(([head, payload, signature]) =>
        fc.tuple(
          ...[JSON.stringify(head), JSON.stringify(payload), signature].map((one) => {
            const text = Buffer.from(one).toString('base64url')
            return fc.oneof({ weight: 3, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: loose(text) })
          }),
        ),
      ),
    )
    .map((parts) => parts.join('.'))

  fuzz('a compact JWS that is read can be written again, and jose reads it too', 30, compact, (text) => {
    const jws = parseJws(text)
    if (jws === null) return
    expect(`${Buffer.from(jws.input).toString('latin1')}.${Buffer.from(jws.signature).toString('base64url')}`).toBe(
      text,
    )
    expect(decodeProtectedHeader(text)).toMatchObject(jws.header)
  })

  fuzz(
    'a body is messages or none',
    20,
    fc.oneof(
      bytes,
      fc.json().map((json) => new TextEncoder().encode(json)),
    ),
    (body) => {
      for (const { method, tool } of readOperations(body) ?? []) {
        expect(typeof method).toBe('string')
        if (method === 'tools/call') expect(typeof tool).toBe('string')
      }
    },
  )

  fuzz(
    'a document of a client that is taken has no secret, and names itself',
    20,
    fc.tuple(url, fc.anything()),
    ([id, anything]) => {
      const good = { client_id: id, client_name: 'x', redirect_uris: ['https://app.example/cb'] }
      for (const document of [anything, { ...good, ...Object(anything) }, good]) {
        const checked = checkClientDocument(document, id)
        if (checked.ok) expect([checked.value.client_id, 'client_secret' in checked.value]).toEqual([id, false])
      }
    },
  )

  fuzz('a name is one line of visible text', 20, anyText, (text) => {
    const shown = displayText(text)
    if (shown !== null) expect([/[\p{Cc}\p{Cf}\p{Cs}]/u.test(shown), displayText(shown)]).toEqual([false, shown])
  })
})

const schemas = await sharedSchemas()

describe('schemas', () => {
  fuzz(
    'every schema in shared/ takes or refuses any value, and takes again what it gave',
    40,
    fc.tuple(fc.constantFrom(...schemas.keys()), fc.anything({ withNullPrototype: true })),
    ([name, anything]) => {
      const schema = schemas.get(name)
      if (schema === undefined) throw new Error(name)
      const parsed = v.safeParse(schema, anything)
      if (parsed.success) expect(v.is(schema, parsed.output)).toBe(true)
    },
  )
})

async function sharedSchemas(): Promise<ReadonlyMap<string, v.GenericSchema>> {
  const root = new URL('../../shared/', import.meta.url).pathname
  const modules: unknown[] = await Promise.all(
    [...new Bun.Glob('*.ts').scanSync({ cwd: root })].map((name) => import(root + name)),
  )
  const isSchema = (exported: unknown): exported is v.GenericSchema => Object(exported).kind === 'schema'
  return new Map(
    modules.flatMap((module) =>
      Object.entries(Object(module)).flatMap(([name, exported]): [string, v.GenericSchema][] =>
        isSchema(exported) ? [[name, exported]] : [],
      ),
    ),
  )
}
