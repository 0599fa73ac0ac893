/**
 * One configuration out of all sources: flags, then the environment, then the config file, then defaults.
 *
 * @module
 */
import * as v from 'valibot'
import { err, ok, type Result } from '../../shared/result.ts'
import { Config } from '../config.ts'
import { type Files, readConfigFile } from './file.ts'
import { LEAVES, type Leaf } from './leaves.ts'
import { withProviderSecrets } from './oidc.ts'
import { type Problem, refusal, usage } from './problem.ts'
import { environmentValues, type Values } from './source.ts'

/** The sources. */
export interface Sources {
  readonly flags: Values
  readonly env: Readonly<Record<string, string | undefined>>
  readonly files: Files
}

/** The settings as they were given, each checked on its own. With `--dev`, the defaults that are for development. */
export async function readConfig({ flags, env, files }: Sources): Promise<Result<Config, Problem>> {
  const environment = environmentValues(LEAVES, env)
  const path = v.safeParse(v.optional(v.string()), flags.get('config') ?? environment.get('config'))
  const file = await readConfigFile(path.success ? path.output : undefined, LEAVES, files)
  if (!file.ok) return file
  const given = new Map([...file.value.values, ...environment, ...flags])
  const dev = given.get('dev') === true ? LEAVES.filter((leaf) => isDevValue(leaf) && !given.has(leaf.name)) : []
  const parsed = v.safeParse(Config, nest([...given, ...dev.map((leaf) => [leaf.name, leaf.dev] as const)]))
  if (parsed.success) return ok(withProviderSecrets(parsed.output, env))
  const leaf = LEAVES.find(({ path }) => path.every((key, index) => parsed.issues[0].path?.[index]?.key === key))
  if (leaf === undefined) return err(refusal('The configuration is not understood.'))
  if (flags.has(leaf.name)) return err(usage(`${leaf.flag}: wanted ${leaf.wanted}.`))
  if (environment.has(leaf.name)) return err(refusal(`${leaf.env}: wanted ${leaf.wanted}.`))
  const where = v.getDotPath(parsed.issues[0]) ?? leaf.name
  return err(refusal(`${file.value.path}: ${where} is not right: ${leaf.name} wants ${leaf.wanted}.`))
}

/** A development default that is a value, not words for one that is worked out later. */
const isDevValue = (leaf: Leaf): boolean => leaf.dev !== undefined && leaf.defaultValue !== undefined

type Tree = { [key: string]: unknown }

function nest(values: readonly (readonly [string, unknown])[]): Tree {
  const root: Tree = {}
  for (const [name, value] of values) put(root, name.split('.'), value)
  return root
}

function put(tree: Tree, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    tree[first] = value
    return
  }
  const branch: Tree = Object(tree[first])
  tree[first] = branch
  put(branch, rest, value)
}
