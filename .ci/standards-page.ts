/**
 * `STANDARDS.md`: each standard, how far it is met, which decisions deviate from it, where it is proved, and what is missing. Made from
 * the claims and the `@see` lines of the files' headers, and from the `**Deviation.**` lines of the decisions.
 *
 * @see docs/adr/0121-standards-from-headers.md
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { AREAS, STATUSES } from './standards.ts'
import { type Claim, readClaims } from './standards-claims.ts'

/** A file of the project, by its path from the root. */
export interface Document {
  readonly path: string
  readonly text: string
}

/** One standard, named in one place, with the sections that were named with it. */
export interface Citation {
  readonly path: string
  readonly id: string
  readonly sections: readonly string[]
}

export interface Deviation extends Citation {
  readonly title: string
  /** What is done otherwise, in a sentence. */
  readonly text: string
}

/** A test that holds a decision. */
export interface Decided {
  readonly path: string
  /** `docs/adr/0127-tokens-of-other-clients.md`. */
  readonly decision: string
}

/** All that the page is made from. */
export interface Evidence {
  readonly claims: readonly Claim[]
  readonly citations: readonly Citation[]
  /** Decisions that headers of tests name. */
  readonly decided: readonly Decided[]
  readonly deviations: readonly Deviation[]
  /** What could not be read, in words for whoever wrote it. */
  readonly unreadable: readonly string[]
}

/** How standards are cited. Versions and revisions are not part of the id. */
const NAMES =
  /\b(?:(?<rfc>RFC \d{4,5})(?:bis)?|(?<draft>draft-[a-z]+-[a-z0-9-]+?)(?:-\d\d\b|(?![\w-]))|(?<openid>OpenID Connect [A-Z][\w-]+(?: [A-Z][\w-]+)*) 1\.0|(?<other>OAuth 2\.1|MCP(?= \d{4}-\d\d|(?: OAuth [a-z ]+)? extension)|NIST SP 800-63B|WCAG(?= \d)|OWASP(?= [A-Z])|Unicode(?= (?:Standard Annex|Technical))|JSON-RPC(?= 2\.0)|Fetch(?=,? (?:Standard|Metadata|section))|HTML(?= Standard|, section)|CSP(?= Level)|WHATWG)|sections? (?<sections>\d[\d.]*\d|\d+)(?<more>(?:(?:, | and |, and )\d[\d.]*)*))/g

/** The same document under another name. */
const ALIASES: Readonly<Record<string, string>> = {
  'draft-ietf-oauth-v2-1': 'OAuth 2.1',
  'draft-ietf-httpbis-rfc6265bis': 'RFC 6265',
  Fetch: 'WHATWG',
  HTML: 'WHATWG',
}

/** What a line of text cites. */
export function citationsOf(line: string, path: string): readonly Citation[] {
  const found = new Map<string, string[]>()
  let current: string[] = []
  for (const { groups = {} } of line.matchAll(NAMES)) {
    const { sections, more = '' } = groups
    const id = groups['rfc'] ?? groups['draft'] ?? groups['openid'] ?? groups['other']
    if (id !== undefined) {
      const name = ALIASES[id] ?? id
      current = found.get(name) ?? []
      found.set(name, current)
    } else if (sections !== undefined) current.push(sections, ...(more.match(/\d[\d.]*/g) ?? []).map(withoutDot))
  }
  return [...found].map(([id, sections]) => ({ path, id, sections }))
}

const withoutDot = (section: string): string => section.replace(/\.$/, '')

/** What the header of a source or test claims and cites. */
export function readHeader({ path, text }: Document): Omit<Evidence, 'deviations'> {
  const header = /^(?:#!.*\n)?\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
  const lines = [...header.matchAll(/@see ([^@]*?)(?=\n \*(?: @|\s*\n|\/)|\*\/)/g)].map(([, line = '']) => line)
  const standards = lines.filter((line) => !/^(?:docs\/|https?:|`|\w+ of `)/.test(line))
  const read = standards.map((line) => ({ line, citations: citationsOf(line.replaceAll(/\s*\n \*\s*/g, ' '), path) }))
  const { claims, unreadable } = readClaims(path, header)
  return {
    claims,
    citations: [...read.flatMap(({ citations }) => citations), ...claims.map(({ id }) => ({ path, id, sections: [] }))],
    decided: lines.filter((line) => line.startsWith('docs/adr/')).map((decision) => ({ path, decision })),
    unreadable: [
      ...unreadable,
      ...read
        .filter(({ citations }) => citations.length === 0)
        .map(({ line }) => `${path}: "@see ${line}" names no standard that .ci/standards-page.ts can read (NAMES).`),
    ],
  }
}

/** The deviations that a decision declares: `**Deviation.** RFC 6749 section 3.3: what is done otherwise.` */
export function readDecision({ path, text }: Document): Pick<Evidence, 'deviations' | 'unreadable'> {
  const [, title = path] = /^# (\d{4}): /.exec(text) ?? []
  const declared = [...text.matchAll(/^\*\*Deviation\.\*\* ((?:.+\n?)+)/gm)].map(([, line = '']) =>
    line.replaceAll('\n', ' ').trim(),
  )
  const deviations = declared.flatMap((line) => {
    const [, named = '', told = ''] = /^(.*?): (.*)$/.exec(line) ?? []
    return citationsOf(named, path).map((citation) => ({ ...citation, title, text: told }))
  })
  const speaks = /\bdeviat/i.test(text.replaceAll(/`[^`]*`/g, ''))
  const unreadable = [
    ...(speaks && declared.length === 0
      ? [
          `${path} speaks of a deviation and declares none: add a line "**Deviation.** RFC 6749 section 3.3: what is done otherwise."`,
        ]
      : []),
    ...(declared.length > 0 && deviations.length === 0
      ? [`${path}: its **Deviation.** line names no standard before a colon.`]
      : []),
  ]
  return { deviations, unreadable }
}

/** What is wrong: each problem says what to do about it. */
export function problems(evidence: Evidence, areas = AREAS): readonly string[] {
  const { claims, citations, deviations, unreadable } = evidence
  const claimed = new Set(claims.map(({ id }) => id))
  const listed = Object.values(areas).flat()
  return [
    ...unreadable,
    ...[...citations, ...deviations]
      .filter(({ id }) => !claimed.has(id))
      .map(({ id, path }) => `${path} cites ${id}, of which no header says "@standard ${id}: its title".`),
    ...listed
      .filter((id) => !claimed.has(id))
      .map((id) => `.ci/standards.ts lists ${id}, of which no header says "@standard ${id}: its title".`),
    ...claims
      .filter(({ id }) => !listed.includes(id))
      .map(({ id, path }) => `${path} claims ${id}, which has no place on the page: list it in .ci/standards.ts.`),
    ...claims.flatMap((claim, index) => problemsOf(claim, claims.slice(0, index), evidence)),
    ...deviations
      .filter((deviation) => !isHeld(deviation, evidence))
      .map(
        ({ path, id }) =>
          `${path} deviates from ${id}, and no test says that it holds that: add "@see ${path}" to the header of the one that does.`,
      ),
  ]
}

function problemsOf({ id, status, path }: Claim, before: readonly Claim[], { citations }: Evidence): readonly string[] {
  const twice = before.find((other) => other.id === id)
  if (twice !== undefined) return [`${id} is claimed in ${twice.path} and in ${path}: keep one.`]
  if (status !== 'used' && !isSpec(path)) {
    return [`${id} is ${status}, which ${path} cannot show: say so in a file of test/spec/ that proves it.`]
  }
  const source = citations.find((citation) => citation.id === id && !citation.path.startsWith('test/'))
  if (status === 'missing' && source !== undefined) {
    return [`${id} is missing according to ${path}, but ${source.path} cites it: update the claim.`]
  }
  return []
}

/** Whether a test that is about the standard names the decision, too. */
const isHeld = ({ path, id }: Deviation, { citations, decided }: Evidence): boolean =>
  decided.some((one) => one.decision === path && isProof(one.path) && testsOf(id, citations).includes(one.path))

const isSpec = (path: string): boolean => /^test\/spec\/.*\.test\.ts$/.test(path)

const testsOf = (id: string, citations: readonly Citation[]): readonly string[] => [
  ...new Set(citations.filter((citation) => citation.id === id && isProof(citation.path)).map(({ path }) => path)),
]

const isProof = (path: string): boolean => /^test\/.*\.test\.ts$/.test(path)

/** Everything that the project says of standards. */
export async function collectEvidence(root: URL): Promise<Evidence> {
  const sources = (await Promise.all(FOLDERS.map((folder) => documentsIn(root, folder, '.ts')))).flat()
  const decisions = (await documentsIn(root, 'docs/adr', '.md')).filter(({ path }) => /\/\d{4}-/.test(path))
  const headers = sources.map(readHeader)
  const read = decisions.map(readDecision)
  return {
    claims: headers.flatMap(({ claims }) => claims),
    decided: headers.flatMap(({ decided }) => decided),
    citations: [...headers.flatMap(({ citations }) => citations), ...sources.flatMap(({ path }) => citedByName(path))],
    deviations: read.flatMap(({ deviations }) => deviations),
    unreadable: [...headers, ...read].flatMap(({ unreadable }) => unreadable),
  }
}

/** A spec that is named after its standard need not cite it. */
function citedByName(path: string): readonly Citation[] {
  const [, name, number] = /^test\/spec\/(rfc|mcp|oauth21)(\d*)-/.exec(path) ?? []
  if (name === undefined) return []
  return [{ path, id: name === 'rfc' ? `RFC ${number}` : name === 'mcp' ? 'MCP' : 'OAuth 2.1', sections: [] }]
}

const FOLDERS = ['shared', 'server', 'client', 'conformance', 'test'] as const

async function documentsIn(root: URL, folder: string, ending: string): Promise<readonly Document[]> {
  const names = await readdir(new URL(`${folder}/`, root), { recursive: true }).catch(() => [])
  const paths = names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(new URL(path, root), 'utf8') })))
}

/** The page. Throws when the claims, the files and the decisions do not agree. */
export async function standardsPage(root = new URL('../', import.meta.url)): Promise<string> {
  const evidence = await collectEvidence(root)
  const wrong = problems(evidence)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  const byId = new Map(evidence.claims.map((claim) => [claim.id, claim]))
  const areas = Object.entries(AREAS).map(([area, ids]) => [area, ids.flatMap((id) => byId.get(id) ?? [])] as const)
  const words = Object.entries(STATUSES).map(([status, meaning]) => `- **${status}**: ${meaning}`)
  return [
    '# Standards',
    '<!-- Written by `bun run docs` from the headers of the files and from the decisions. -->',
    'What Sallyport claims, what it does otherwise, and what it does not do. A status leads to the file whose header says it. `bun test test/package/standards` fails when this page and the files part.',
    words.join('\n'),
    ...areas.map(([area, claims]) => section(area, claims, evidence)),
    proofs(
      areas.flatMap(([, claims]) => claims),
      evidence,
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

function section(area: string, claims: readonly Claim[], { deviations }: Evidence): string {
  const rows = claims.map(({ path, id, title, status, does, missing, published }) => {
    const own = deviations.filter((deviation) => deviation.id === id)
    const links = own.map(({ title: number, path: decision, sections, text }) => {
      const where = sections.length === 0 ? '' : `section ${sections.join(', ')}: `
      return `[${number}](${decision}) ${where}${text}`
    })
    return `| [${id}](${published ?? urlOf(id)}) ${title} | [${status}](${path}) | ${does} | ${missing} | ${links.join('<br>')} |`
  })
  return `## ${area}\n\n| Standard | Status | What exactly | Missing | Deviations |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`
}

const urlOf = (id: string): string =>
  id.startsWith('draft-')
    ? `https://datatracker.ietf.org/doc/${id}/`
    : `https://www.rfc-editor.org/rfc/${id.replace('RFC ', 'rfc')}.html`

function proofs(claims: readonly Claim[], { citations }: Evidence): string {
  const rows = claims
    .filter(({ status }) => status !== 'missing')
    .map(({ id }) => {
      const sections = new Set(
        citations
          .filter((citation) => citation.id === id && !citation.path.startsWith('test/'))
          .flatMap((one) => one.sections),
      )
      const links = testsOf(id, citations).map((path) => `[${path.replace(/^test\/|\.test\.ts$/g, '')}](${path})`)
      return `| ${id} | ${[...sections].sort(bySection).join(', ')} | ${links.join(' · ')} |`
    })
  return `## Where it is\n\nSections that the sources cite, and the tests that do.\n\n| Standard | Sections | Tests |\n| --- | --- | --- |\n${rows.join('\n')}`
}

const bySection = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })
