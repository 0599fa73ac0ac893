/**
 * Which headers, parameters and form fields the server reads, by its sources: what is read there is sent by the cases.
 *
 * @module
 */
import { type SourceFile, sourceFiles } from '../support/source-tree.ts'

export interface ReadByServer {
  readonly headers: readonly string[]
  /** Of queries and forms, by name. */
  readonly parameters: readonly string[]
  /** Of the forms of our own pages. */
  readonly fields: readonly string[]
  /** Where something is read by a name that cannot be seen from here. */
  readonly unseen: readonly string[]
}

/** All folders from which requests are answered. What other sites answer is read in `outbound`, and is no request. */
const FOLDERS = ['server/http', 'server/pages', 'server/core', 'server/resource', 'server/login']

const HEADERS = /\bheaders\.(?:get|has)\(\s*([^)]+?)\s*\)/g
const PARAMETERS = /\b(?:searchParams|params|parameters|query|form)\.(?:get|getAll|has)\(\s*([^)]+?)\s*\)/g

/** By the sources of the server, and of those who listen for it. */
export async function readByServer(): Promise<ReadByServer> {
  const files = [...(await sourceFiles(...FOLDERS)), ...(await sourceFiles('server')).filter(isAtTop)]
  const [headers, parameters] = [HEADERS, PARAMETERS].map((pattern) => files.flatMap((file) => namesIn(file, pattern)))
  const all = [...(headers ?? []), ...(parameters ?? [])]
  return {
    headers: seen(headers ?? []),
    parameters: seen(parameters ?? []),
    fields: files.flatMap(({ text }) => fieldsIn(text)),
    unseen: all.flatMap(({ name, where }) => (name === null ? [where] : [])),
  }
}

const isAtTop = ({ path }: SourceFile): boolean => /^server\/[^/]+\.ts$/.test(path)

interface Read {
  /** Null: the source does not say. */
  readonly name: string | null
  readonly where: string
}

const namesIn = ({ path, text }: SourceFile, pattern: RegExp): readonly Read[] =>
  [...text.matchAll(pattern)].map(([where, argument = '']) => ({
    name: literal(argument) ?? constantIn(text, argument),
    where: `${path}: ${where}`,
  }))

const literal = (argument: string): string | null => /^'([^']+)'$/.exec(argument)?.[1] ?? null

const constantIn = (text: string, name: string): string | null =>
  /^\w+$/.test(name) ? (new RegExp(`\\bconst ${name} = '([^']+)'`).exec(text)?.[1] ?? null) : null

const seen = (all: readonly Read[]): readonly string[] => [
  ...new Set(all.flatMap(({ name }) => (name === null ? [] : [name.toLowerCase()]))),
]

/** Of the one schema of all our forms. */
const fieldsIn = (text: string): readonly string[] => {
  const [, body = ''] = /^const PageForm = v\.object\(\{\n([\s\S]*?)^\}\)/m.exec(text) ?? []
  return [...body.matchAll(/^ {2}(\w+):/gm)].flatMap(([, name]) => name ?? [])
}
