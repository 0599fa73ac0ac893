/**
 * The config file: `sallyport.config.ts` or `.json`, or the one that was named.
 *
 * @module
 */
import { err, ok, type Result } from '../../shared/result.ts'
import type { Leaf } from './leaves.ts'
import { type Problem, refusal } from './problem.ts'
import type { Values } from './source.ts'

/** What reading a config file needs from outside. Paths are as the user wrote them. */
export interface Files {
  exists(path: string): Promise<boolean>
  read(path: string): Promise<string>
  /** Imports a module and returns its exports. */
  load(path: string): Promise<Readonly<Record<string, unknown>>>
}

export interface ConfigFile {
  /** Null: there is none. */
  readonly path: string | null
  readonly values: Values
}

const USUAL_PATHS = ['sallyport.config.ts', 'sallyport.config.json']

/** Reads the file at `path`; when undefined, the usual one, where there is one. */
export async function readConfigFile(
  path: string | undefined,
  leaves: readonly Leaf[],
  files: Files,
): Promise<Result<ConfigFile, Problem>> {
  const chosen = path === undefined ? await findUsual(files) : ok(path)
  if (!chosen.ok) return chosen
  if (chosen.value === null) return ok({ path: null, values: new Map() })
  const file = chosen.value
  if (!(await files.exists(file))) return err(refusal(`The config file ${file} does not exist.`))
  const content = await readContent(file, files)
  if (!content.ok) return content
  const values = flatten(content.value, [], leaves)
  return values.ok ? ok({ path: file, values: new Map(values.value) }) : err(refusal(`${file}: ${values.error}`))
}

async function findUsual(files: Files): Promise<Result<string | null, Problem>> {
  const found = await Promise.all(USUAL_PATHS.map(async (path) => ((await files.exists(path)) ? [path] : [])))
  const [first, second] = found.flat()
  if (second !== undefined) return err(refusal(`There are ${first} and ${second}: keep one, or name it with --config.`))
  return ok(first ?? null)
}

async function readContent(path: string, files: Files): Promise<Result<unknown, Problem>> {
  try {
    if (path.endsWith('.json')) return ok(JSON.parse(await files.read(path)))
    const module = await files.load(path)
    const content = module['config'] ?? module['default']
    if (content !== undefined) return ok(content)
    return err(refusal(`The config file ${path} exports neither \`config\` nor a default.`))
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n')
    return err(refusal(`The config file ${path} cannot be read: ${line}`))
  }
}

/** Nested members to settings by name. A member that is neither a setting nor a group of some is refused by its name. */
function flatten(
  content: unknown,
  path: readonly string[],
  leaves: readonly Leaf[],
): Result<readonly (readonly [string, unknown])[], string> {
  const name = path.join('.')
  if (leaves.some((leaf) => leaf.name === name)) return ok(content === undefined ? [] : [[name, content]])
  if (name !== '' && !leaves.some((leaf) => leaf.name.startsWith(`${name}.`))) return err(`${name} is not a setting.`)
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return err(name === '' ? 'it must hold an object.' : `${name} must be an object.`)
  }
  const values: (readonly [string, unknown])[] = []
  for (const [key, member] of Object.entries(content)) {
    const flat = flatten(member, [...path, key], leaves)
    if (!flat.ok) return flat
    values.push(...flat.value)
  }
  return ok(values)
}
