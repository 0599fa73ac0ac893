/**
 * Protected resources in the store: `sallyport resources ...`.
 *
 * @see RFC 8707 section 2: the identifier is an absolute URI without a fragment
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../shared/result.ts'
import type { Problem } from '../config/problem.ts'
import { RESOURCE_SHAPE, ResourceConfig, type ResourceInput, resourceProblem } from '../config/resource.ts'
import type { Store } from '../core/ports.ts'
import { type Outcome, refuse } from './context.ts'
import { toResource, toResourceConfig } from './resource-record.ts'
import { table } from './table.ts'

/** What the commands need of the resources. */
export interface ResourceAdministration {
  readonly store: Pick<Store, 'resources'>
  /** Those of the config file, which stand beside those of the store. */
  readonly configured: readonly ResourceConfig[]
}

/** `replace`: whether one of the same identifier may be overwritten. All of them are judged before the first is stored. */
export async function putResources(
  context: ResourceAdministration,
  wanted: readonly ResourceConfig[],
  replace: boolean,
): Outcome {
  const replaced = replace ? wanted.map(({ identifier }) => identifier) : []
  const known = (await allResources(context)).filter(
    ({ source, resource }) => source === 'config' || !replaced.includes(resource.identifier),
  )
  const owners = new Map(known.flatMap((owner) => spellings(owner.resource).map((spelling) => [spelling, owner])))
  for (const resource of wanted) {
    const problem = resourceProblem(resource)
    if (problem !== null) return refuse(problem)
    const clash = spellings(resource).find((spelling) => owners.has(spelling))
    if (clash !== undefined) return refuse(`${clash} is known already${clashAdvice(resource, owners.get(clash))}`)
    for (const spelling of spellings(resource)) owners.set(spelling, { resource, source: 'store' })
  }
  for (const resource of wanted) await context.store.resources.put(toResource(resource))
  return ok(wanted.map(({ identifier }) => `Stored ${identifier}.`).join('\n'))
}

export async function removeResource({ store, configured }: ResourceAdministration, identifier: string): Outcome {
  if (await store.resources.remove(identifier)) return ok(`Removed ${identifier}.`)
  return configured.some((resource) => resource.identifier === identifier)
    ? refuse('That resource is in the config file: remove it there.')
    : refuse(UNKNOWN)
}

/** As JSON, in the shape that `readResources` takes. */
export async function showResource(context: ResourceAdministration, name: string): Outcome {
  const found = (await allResources(context)).find(({ resource }) => spellings(resource).includes(name))
  return found === undefined ? refuse(UNKNOWN) : ok(inJson(found.resource))
}

/** `json`: in the shape that `readResources` takes. */
export async function listResources(context: ResourceAdministration, json: boolean): Outcome {
  const all = await allResources(context)
  if (json) return ok(inJson(all.map(({ resource }) => resource)))
  const rows = all.map(({ resource, source }) => [
    resource.identifier,
    resource.name ?? '',
    Object.keys(resource.scopes).join(' '),
    resource.access_token_lifetime?.toString() ?? '',
    source,
  ])
  const header = ['IDENTIFIER', 'NAME', 'SCOPES', 'TOKEN SECONDS', 'FROM']
  return ok(table(header, rows, 'No resources yet.'))
}

/** One resource or a list of them, from JSON. */
export function readResources(json: string): Result<readonly ResourceConfig[], Problem> {
  const parsed = parseJson(json)
  return parsed === undefined
    ? refuse(`That is not JSON. Wanted: ${RESOURCE_SHAPE}, or a list.`)
    : checkResources(parsed)
}

/** The same from a value. */
export function checkResources(value: unknown): Result<readonly ResourceConfig[], Problem> {
  const isList = Array.isArray(value)
  const checked = v.safeParse(v.array(ResourceConfig), isList ? value : [value])
  if (checked.success) return ok(checked.output)
  const [{ path = [] }] = checked.issues
  const where = path.slice(isList ? 0 : 1).map(({ key }) => String(key))
  return refuse(`${where.join('.') || 'The resource'} is not right. A resource is ${RESOURCE_SHAPE}.`)
}

const UNKNOWN = 'There is no resource of that identifier. Look with: sallyport resources list'

interface Listed {
  readonly resource: ResourceInput
  readonly source: 'config' | 'store'
}

async function allResources({ store, configured }: ResourceAdministration): Promise<readonly Listed[]> {
  const fromConfig = configured.map((resource): Listed => ({ resource, source: 'config' }))
  const stored = await store.resources.list()
  return [...fromConfig, ...stored.map((record): Listed => ({ resource: toResourceConfig(record), source: 'store' }))]
}

const spellings = ({ identifier, aliases = [] }: ResourceInput): readonly string[] => [identifier, ...aliases]

const inJson = (value: object): string => JSON.stringify(value, null, 2)

function clashAdvice(wanted: ResourceInput, owner: Listed | undefined): string {
  if (owner?.source === 'config') return ', from the config file: change it there.'
  return owner?.resource.identifier === wanted.identifier
    ? '. To change it: --replace, or sallyport resources put.'
    : `: it belongs to ${owner?.resource.identifier}.`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
