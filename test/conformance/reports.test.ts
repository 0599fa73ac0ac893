/**
 * Reports: they hold what was sent and received and none of its secrets, and whatever a server answers stays text.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { secretsOf } from '../../conformance/core/redact.ts'
import { type Report, succeeded, toHtml, toJson, toJunit, toText } from '../../conformance/index.ts'
import { changeAnswer, changeJson, TOKEN, withHeaders } from './mutants/mutant.ts'
import { type Mutation, mutated } from './mutation.ts'
import { createWorld, type World } from './world.ts'

const HOSTILE = '<script>alert(1)</script>"\'&\u001B[31m\u202E'

let world: World
let report: Report
const issued = new Set<string>()

/** Answers that fail the checks of answers with tokens in them, and say something hostile. */
const failing: Mutation = changeJson(TOKEN, (members) => ({
  ...members,
  token_type: HOSTILE,
  error_description: HOSTILE,
}))
const cached: Mutation = changeAnswer(TOKEN, (response) =>
  withHeaders(response, (headers) => headers.delete('cache-control')),
)

beforeAll(async () => {
  world = await createWorld()
  const watched: Mutation = async (sent, next) => {
    const response = await next(sent)
    const exchange = {
      method: sent.method,
      url: sent.url.href,
      requestHeaders: [...sent.headers].filter(([name]) => name !== 'dpop'),
      requestBody: sent.body ?? null,
      status: response.status,
      headers: [...response.headers],
      body: await response.clone().text(),
    }
    for (const [secret] of secretsOf(exchange)) issued.add(secret)
    return response
  }
  const fetch = mutated(
    (url, init) => world.server.fetch(url, init),
    (sent, next) => watched(sent, (one) => cached(one, (two) => failing(two, next))),
  )
  report = await world.check(undefined, { fetch })
})
afterAll(() => world.server.close())

const FORMATS = { text: toText, json: toJson, junit: toJunit, html: toHtml } as const

describe.each(Object.entries(FORMATS))('%s', (name, format) => {
  test('has what was sent and received', () => {
    expect(format([report])).toContain('authorization_code')
    expect(format([report])).toContain('token-no-store')
  })

  test('has no token, code, verifier or secret', () => {
    expect(issued.size).toBeGreaterThan(100)
    const written = format([report])
    const kept = [...issued].filter((secret) => !secret.startsWith('conformance') && written.includes(secret))
    expect(kept).toEqual([])
  })

  test('has no markup and no control characters of the server', () => {
    const written = format([report])
    expect(written).not.toContain('\u001B')
    // JSON is read by programs, and by these as it was.
    if (name !== 'json') expect(written).not.toContain('\u202E')
    if (name === 'html' || name === 'junit') expect(written).not.toContain('<script>')
    expect(written).toContain('alert(1)')
  })
})

test('JSON can be read, and says whether it is all right', () => {
  const { succeeded: said, reports } = JSON.parse(toJson([report]))
  expect(said).toBe(false)
  expect(reports[0].results).toHaveLength(report.results.length)
})

test('JUnit counts failures, and warnings are none', () => {
  const failures = report.results.filter(({ status }) => status === 'fail').length
  expect(toJunit([report])).toContain(`failures="${failures}"`)
  expect(toJunit([report]).match(/<failure /g)).toHaveLength(failures)
})

/** XML 1.0 section 2.2: what a document may hold at all. */
const XML_TEXT = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u
/** Tags with attributes, and text in which nothing stands that would begin something else. */
const XML_MARKUP =
  /^(?:<\?xml [^<>]*\?>|<\/?[\w-]+(?: [\w-]+="[^<>"&]*(?:&(?:amp|lt|gt|quot|#10);[^<>"&]*)*")*\/?>|[^<&]|&(?:amp|lt|gt|quot|#10);)*$/

test('JUnit is well-formed, whatever a server says', () => {
  const [found] = report.results.filter(({ status }) => status === 'fail')
  if (found?.exchange === undefined) throw new Error('there is a failure with its exchange')
  const { exchange } = found
  const anything = fc.array(fc.nat(0xffff).map((unit) => String.fromCharCode(unit))).map((units) => units.join(''))
  fc.assert(
    fc.property(anything, fc.constantFrom('fail', 'warning', 'skipped'), (text, status) => {
      const said = `${text}\uFFFE\uFFFF\uD800\u0000]]>`
      const result = {
        ...found,
        status,
        note: said,
        received: said,
        exchange: { ...exchange, body: said, headers: [['x', said] as const] },
      }
      const xml = toJunit([{ ...report, target: said, results: [result] }])
      expect(xml).toMatch(XML_TEXT)
      expect(xml).toMatch(XML_MARKUP)
    }),
  )
  // A body is cut, and not in the middle of a character.
  const long = { ...exchange, body: `${'x'.repeat(1999)}\u{1F600}` }
  expect(toJunit([{ ...report, results: [{ ...found, exchange: long }] }])).toMatch(XML_TEXT)
})

test('the page needs nothing but itself', () => {
  expect(toHtml([report])).toContain(`default-src 'none'`)
  expect(toHtml([report])).not.toMatch(/<(?:script|link|img|iframe)\b/)
})

test('nothing checked is no success', () => {
  expect(succeeded([])).toBe(false)
  expect(succeeded([{ ...report, results: [] }])).toBe(false)
  const [first] = report.results
  if (first === undefined) throw new Error('there are results')
  expect(succeeded([{ ...report, results: [{ ...first, status: 'skipped' }] }])).toBe(false)
  expect(
    succeeded([
      {
        ...report,
        results: [
          { ...first, status: 'pass' },
          { ...first, status: 'warning' },
        ],
      },
    ]),
  ).toBe(true)
})
