/**
 * STANDARDS.md says what is: it is made from the headers of the files and the decisions, and its claims are borne out by them.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { STANDARDS, type Standard } from '../../.ci/standards.ts'
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

describe('what is claimed must be borne out', () => {
  const standard = (status: Standard['status']): Standard => ({ id: 'RFC 1', title: '', status, what: '' })
  const cites = (path: string, id = 'RFC 1'): Citation => ({ path, id, sections: [] })
  const judge = (status: Standard['status'], citations: readonly Citation[], more: Partial<Evidence> = {}) =>
    problems({ citations, deviations: [], unreadable: [], ...more }, [standard(status)])
  const SPEC = 'test/spec/rfc1-x.test.ts'

  const good: readonly [Standard['status'], string[]][] = [
    ['implemented', [SPEC]],
    ['partly', [SPEC]],
    ['followed', [SPEC]],
    ['used', ['server/x.ts']],
    ['missing', ['test/attacks/x.test.ts']],
    ['missing', []],
  ]
  test.each(good)('%s, cited by %p', (status, paths) =>
    expect(
      judge(
        status,
        paths.map((path) => cites(path)),
      ),
    ).toEqual([]),
  )

  const bad: readonly [Standard['status'], string[]][] = [
    ['implemented', ['server/x.ts', 'test/attacks/x.test.ts', 'test/spec/support.ts']],
    ['partly', ['server/x.ts', 'test/attacks/x.test.ts']],
    ['followed', ['server/x.ts', 'test/support/x.ts', 'test/attacks/x.test.ts']],
    ['used', []],
    ['missing', ['server/x.ts']],
  ]
  test.each(bad)('not %s, cited by %p', (status, paths) =>
    expect(
      judge(
        status,
        paths.map((path) => cites(path)),
      ),
    ).toHaveLength(1),
  )

  test('a source or a decision that names a standard without a row', () => {
    const spec = cites(SPEC)
    expect(judge('implemented', [spec, cites('server/x.ts', 'RFC 2')])).toHaveLength(1)
    const deviation = { ...cites('docs/adr/0001-decisions-are-written-down.md', 'RFC 2'), title: '0001', text: '' }
    expect(judge('implemented', [spec], { deviations: [deviation] })).toHaveLength(1)
    expect(judge('implemented', [spec], { unreadable: ['x'] })).toEqual(['x'])
  })
})

describe('the project', () => {
  test('its table, files and decisions agree', async () => {
    expect(problems(await collectEvidence(new URL(`file://${ROOT}`)))).toEqual([])
  })

  test('STANDARDS.md is what `bun run docs` writes', async () => {
    expect(await Bun.file(`${ROOT}STANDARDS.md`).text()).toBe(await standardsPage())
  })

  test('each standard has one row, and what is missing is said', () => {
    const rows = Object.values(STANDARDS).flat()
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows.filter(({ status }) => status === 'missing').length).toBeGreaterThan(5)
    for (const { what } of rows) expect(what).not.toBe('')
  })
})
