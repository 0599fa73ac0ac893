/**
 * STANDARDS.md says what is: it is made from the headers of the files and the decisions, and its claims are borne out by them.
 *
 * @see docs/adr/0121-standards-from-headers.md
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { AREAS, type Status } from '../../.ci/standards.ts'
import { type Claim, readClaims } from '../../.ci/standards-claims.ts'
import {
  type Citation,
  citationsOf,
  collectEvidence,
  type Evidence,
  problems,
  readDecision,
  readHeader,
  standardsPage,
} from '../../.ci/standards-page.ts'
import { ROOT } from '../support/source-tree.ts'

const cited = (line: string) => citationsOf(line, 'x.ts').map(({ id, sections }) => [id, ...sections])

describe('what a line cites', () => {
  const cases: readonly [string, string[][]][] = [
    ['RFC 6749 section 4.1.3 (authorization code), section 6 (refresh)', [['RFC 6749', '4.1.3', '6']]],
    [
      'RFC 9728 section 3.2 and RFC 8414 section 3.2: status 200',
      [
        ['RFC 9728', '3.2'],
        ['RFC 8414', '3.2'],
      ],
    ],
    ['OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16): exact', [['OAuth 2.1', '4.1.1']]],
    [
      'draft-ietf-oauth-client-id-metadata-document-02 sections 5, 8.6 and 8.7',
      [['draft-ietf-oauth-client-id-metadata-document', '5', '8.6', '8.7']],
    ],
    ['OpenID Connect Discovery 1.0 section 4.1. More', [['OpenID Connect Discovery', '4.1']]],
    ['MCP 2026-07-28, authorization', [['MCP']]],
    ['MCP OAuth client credentials extension: a key or a secret', [['MCP']]],
    ['RFC 10017 (OAuth 2.0 for Browser-Based Applications)', [['RFC 10017']]],
    ['The C10K problem', []],
  ]
  test.each(cases)('%s', (line, expected) => expect(cited(line)).toEqual(expected))
})

describe('headers and decisions', () => {
  const header = (...lines: string[]) => ({
    path: 'server/x.ts',
    text: `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`,
  })

  test('a header is read as far as it cites standards, over line ends', () => {
    const { citations, unreadable } = readHeader(
      header(
        'Reads.',
        '',
        '@see docs/adr/0001-decisions-are-written-down.md',
        '@see RFC 1 and RFC 6749 section',
        '2.3',
        '@see https://x.example',
        '@module',
      ),
    )
    expect(citations.map(({ id, sections }) => [id, ...sections])).toEqual([['RFC 6749', '2.3']])
    expect(unreadable).toEqual([])
  })

  test('a comment elsewhere is no header; one that names nothing known is told', () => {
    expect(readHeader({ path: 'x.ts', text: 'x\n/** @see RFC 6749 */' }).citations).toEqual([])
    expect(readHeader(header('@see The Book', '@module')).unreadable).toHaveLength(1)
  })

  test('a decision declares what it deviates from, and must when it speaks of it', () => {
    const path = 'docs/adr/0001-decisions-are-written-down.md'
    const { deviations, unreadable } = readDecision({
      path,
      text: '# 0001: X\n\n**Deviation.** RFC 6749 section 3.3 and RFC 8252 section 7.1: other\nthan that.\n\nMore.',
    })
    expect(unreadable).toEqual([])
    expect(deviations).toEqual([
      { path, id: 'RFC 6749', sections: ['3.3'], title: '0001', text: 'other than that.' },
      { path, id: 'RFC 8252', sections: ['7.1'], title: '0001', text: 'other than that.' },
    ])
    expect(readDecision({ path, text: '# 0001: X\n\nThis deviates.' }).unreadable).toHaveLength(1)
    expect(readDecision({ path, text: '# 0001: X\n\nA line `**Deviation.** RFC 1`.' }).unreadable).toEqual([])
    expect(
      readDecision({ path, text: '# 0001: X\n\n**Deviation.** from all that is good: yes.' }).unreadable,
    ).toHaveLength(1)
  })
})

describe('what a header claims', () => {
  const read = (...lines: string[]) =>
    readClaims('test/spec/x.test.ts', `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`)

  test('is read with all its members, over line ends, one after the other', () => {
    const { claims, unreadable } = read(
      'What it is.',
      '',
      '@standard RFC 1: The',
      '  Host: a protocol',
      '@status partly',
      '@does most of it (section 2.1),',
      '  and well',
      '@missing the rest',
      '@published https://one.example/',
      '@standard RFC 2: Two',
      '@status missing',
      '@missing planned',
      '@module',
    )
    expect(unreadable).toEqual([])
    const path = 'test/spec/x.test.ts'
    expect(claims).toEqual([
      {
        ...{
          path,
          id: 'RFC 1',
          title: 'The Host: a protocol',
          status: 'partly',
          does: 'most of it (section 2.1), and well',
        },
        ...{ missing: 'the rest', published: 'https://one.example/' },
      },
      { path, id: 'RFC 2', title: 'Two', status: 'missing', does: '', missing: 'planned', published: null },
    ])
  })

  const bad: readonly [string, string[]][] = [
    ['a title that is missing', ['@standard RFC 1', '@status used', '@does it']],
    ['a status that is missing', ['@standard RFC 1: One', '@does it']],
    ['a status that there is not', ['@standard RFC 1: One', '@status almost', '@does it']],
    ['nothing of what is done', ['@standard RFC 1: One', '@status implemented']],
    ['nothing of what is missing', ['@standard RFC 1: One', '@status partly', '@does some']],
    ['nothing of why it is missing', ['@standard RFC 1: One', '@status missing']],
    ['something of what is missing altogether', ['@standard RFC 1: One', '@status missing', '@does it', '@missing it']],
  ]
  test.each(bad)('%s is told', (_, lines) => {
    const { claims, unreadable } = read(...lines)
    expect([claims, unreadable.length]).toEqual([[], 1])
  })
})

describe('what is claimed must be borne out', () => {
  const SPEC = 'test/spec/rfc1-x.test.ts'
  const claim = (status: Status, path = SPEC, id = 'RFC 1'): Claim => ({
    ...{ path, id, status, title: '', does: '', missing: '', published: null },
  })
  const cites = (path: string, id = 'RFC 1'): Citation => ({ path, id, sections: ['1'] })
  const judge = (claims: readonly Claim[], more: Partial<Evidence> = {}, ids: readonly string[] = ['RFC 1']) =>
    problems({ claims, citations: [], decided: [], deviations: [], unreadable: [], ...more }, { Area: ids })

  const good: readonly [Status, string, string[]][] = [
    ['implemented', SPEC, []],
    ['partly', SPEC, ['server/x.ts']],
    ['followed', SPEC, []],
    ['used', 'server/x.ts', ['server/x.ts']],
    ['used', SPEC, ['server/x.ts']],
    ['missing', SPEC, ['test/attacks/x.test.ts']],
  ]
  test.each(good)('%s, claimed by %s, cited by %p', (status, path, paths) =>
    expect(judge([claim(status, path)], { citations: paths.map((one) => cites(one)) })).toEqual([]),
  )

  const bad: readonly [Status, string, string[]][] = [
    ['implemented', 'server/x.ts', []],
    ['partly', 'test/attacks/x.test.ts', []],
    ['followed', 'test/spec/support.ts', []],
    ['missing', 'server/x.ts', []],
    ['missing', SPEC, ['server/x.ts']],
  ]
  test.each(bad)('not %s, claimed by %s, cited by %p', (status, path, paths) =>
    expect(judge([claim(status, path)], { citations: paths.map((one) => cites(one)) })).toHaveLength(1),
  )

  test('once, at a place on the page, and by whoever cites it', () => {
    expect(judge([])).toHaveLength(1)
    expect(judge([claim('implemented'), claim('implemented', 'test/spec/rfc1-y.test.ts')])).toHaveLength(1)
    expect(judge([claim('implemented'), claim('implemented', SPEC, 'RFC 2')])).toHaveLength(1)
    expect(judge([claim('implemented')], { citations: [cites('server/x.ts', 'RFC 2')] })).toHaveLength(1)
    expect(judge([claim('implemented')], { unreadable: ['x'] })).toEqual(['x'])
  })

  const decision = 'docs/adr/0001-decisions-are-written-down.md'
  const deviations = [{ ...cites(decision), title: '0001', text: '' }]
  const held: readonly [string, Partial<Evidence>, number][] = [
    ['a test of the standard names the decision', { decided: [{ path: SPEC, decision }] }, 0],
    ['no test does', {}, 1],
    ['only a source does', { decided: [{ path: 'server/x.ts', decision }], citations: [cites('server/x.ts')] }, 1],
    ['a test of something else does', { decided: [{ path: 'test/spec/rfc2-x.test.ts', decision }] }, 1],
  ]
  test.each(held)('a deviation is held by a test: %s', (_, more, wrong) => {
    const citations = [cites(SPEC), ...(more.citations ?? [])]
    expect(judge([claim('implemented')], { ...more, citations, deviations })).toHaveLength(wrong)
  })
})

describe('the project', () => {
  test('its claims, files and decisions agree', async () => {
    expect(problems(await collectEvidence(new URL(`file://${ROOT}`)))).toEqual([])
  })

  test('STANDARDS.md is what `bun run docs` writes', async () => {
    expect(await Bun.file(`${ROOT}STANDARDS.md`).text()).toBe(await standardsPage())
  })

  test('each standard is listed once, and what is missing is said', async () => {
    const ids = Object.values(AREAS).flat()
    expect(new Set(ids).size).toBe(ids.length)
    const { claims } = await collectEvidence(new URL(`file://${ROOT}`))
    expect(claims.filter(({ missing }) => missing !== '').length).toBeGreaterThan(10)
  })

  test('under "Not there" stands what is missing, and nothing else', async () => {
    const { claims } = await collectEvidence(new URL(`file://${ROOT}`))
    const missing = claims.filter(({ status }) => status === 'missing').map(({ id }) => id)
    expect(missing.toSorted()).toEqual([...(AREAS['Not there'] ?? [])].toSorted())
  })
})
