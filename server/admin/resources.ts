/**
 * Protected resources in the store: `sallyport resources ...`.
 *
 * @see RFC 8707 section 2: the identifier is an absolute URI without a fragment
 * @module
 */
import { ok } from '../../shared/result.ts'
import type { Resource } from '../core/records.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { table } from './table.ts'

/** `replace`: whether one of the same identifier may be overwritten. */
export async function addResource(context: AdminContext, resource: Resource, replace: boolean): Outcome {
  const { identifier, aliases, scopes, defaultScopes } = resource
  if (URL.parse(identifier) === null || identifier.includes('#')) {
    return refuse('A resource is identified by an absolute URL without a fragment.')
  }
  if (Object.hasOwn(scopes, 'offline_access')) return refuse('offline_access is no scope of a resource.')
  const unknown = (defaultScopes ?? []).find((scope) => !Object.hasOwn(scopes, scope))
  if (unknown !== undefined) return refuse(`${unknown} is not one of its scopes.`)
  const others = (await allResources(context)).filter((other) => !(replace && isStored(other, identifier)))
  const taken = new Set(others.flatMap((other) => [other.identifier, ...other.aliases]))
  const clash = [identifier, ...aliases].find((spelling) => taken.has(spelling))
  if (clash !== undefined) return refuse(`${clash} is known already. To change a resource of the store: --replace`)
  await context.store.resources.put(resource)
  return ok(`Stored ${identifier}.`)
}

export async function removeResource({ store, configured }: AdminContext, identifier: string): Outcome {
  if (await store.resources.remove(identifier)) return ok(`Removed ${identifier}.`)
  return configured.some((resource) => resource.identifier === identifier)
    ? refuse('That resource is in the config file: remove it there.')
    : refuse('There is no resource of that identifier.')
}

export async function listResources(context: AdminContext): Outcome {
  const rows = (await allResources(context)).map(({ identifier, name, scopes, source }) => [
    identifier,
    name ?? '',
    Object.keys(scopes).join(' '),
    source,
  ])
  return ok(table(['IDENTIFIER', 'NAME', 'SCOPES', 'FROM'], rows, 'No resources yet.'))
}

interface Listed extends Omit<Resource, 'defaultScopes'> {
  readonly source: 'config' | 'store'
}

const isStored = (resource: Listed, identifier: string): boolean =>
  resource.source === 'store' && resource.identifier === identifier

async function allResources({ store, configured }: AdminContext): Promise<readonly Listed[]> {
  const fromConfig = configured.map(({ name = null, ...resource }): Listed => ({ ...resource, name, source: 'config' }))
  const stored = (await store.resources.list()).map((resource): Listed => ({ ...resource, source: 'store' }))
  return [...fromConfig, ...stored]
}
