/**
 * A protected resource as the config file describes it, and as `sallyport resources` reads and writes it.
 *
 * @see RFC 8707 section 2: the identifier is an absolute URI without a fragment
 * @see RFC 6749 section 3.3: scope tokens
 * @see docs/adr/0108-scopes-that-imply-others.md
 * @see docs/adr/0109-lifetimes-per-resource.md
 * @module
 */
import * as v from 'valibot'
import { expandScopes, type ScopeHierarchy } from '../../shared/scope.ts'
import { ScopeToken } from '../../shared/scope-syntax.ts'
import { LONGEST_ACCESS_TOKEN } from './limits.ts'
import { nonEmpty } from './setting.ts'

export const ResourceConfig = v.strictObject({
  /** The `aud` of its tokens. */
  identifier: v.pipe(nonEmpty, v.url()),
  name: v.optional(nonEmpty),
  /** Scope -> the sentence that the consent page shows. */
  scopes: v.record(ScopeToken, nonEmpty),
  /** Scope -> the scopes that whoever has it has as well. */
  scope_hierarchy: v.optional(v.record(ScopeToken, v.array(ScopeToken))),
  aliases: v.optional(v.array(nonEmpty), []),
  default_scopes: v.optional(v.array(ScopeToken)),
  /** In seconds. Default: `access_token.lifetime`. */
  access_token_lifetime: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_ACCESS_TOKEN))),
  /** Whether its tokens must be bound to a key; `nonce`: with nonces. */
  dpop: v.optional(v.picklist(['optional', 'required', 'nonce'])),
})
export type ResourceConfig = v.InferOutput<typeof ResourceConfig>

/** The same as people write it. */
export type ResourceInput = v.InferInput<typeof ResourceConfig>

/** Its shape in words, for those who got it wrong. */
export const RESOURCE_SHAPE =
  '{ identifier, name?, scopes, scope_hierarchy?, aliases?, default_scopes?, access_token_lifetime?, dpop? }'

/** What is wrong with a resource although each of its members is well-formed; null: nothing. */
export function resourceProblem(resource: ResourceConfig): string | null {
  const { identifier, scopes, scope_hierarchy = {}, default_scopes = [] } = resource
  if (identifier.includes('#')) return `${identifier} must not have a fragment.`
  if (Object.hasOwn(scopes, 'offline_access')) return `offline_access is no scope of a resource (${identifier}).`
  const wildcard = Object.keys(scopes).find((scope) => scope.includes('*'))
  if (wildcard !== undefined) {
    return `${identifier} has the scope ${wildcard}: there are no wildcards. Name a broad scope, and in scope_hierarchy what it implies.`
  }
  const isMissing = (scope: string): boolean => !Object.hasOwn(scopes, scope)
  const missing = default_scopes.find(isMissing)
  if (missing !== undefined) return `${identifier} has no scope ${missing} for its default_scopes.`
  return hierarchyProblem(identifier, scope_hierarchy, isMissing)
}

/** What is wrong between several: each name, identifier or alias, means one resource. */
export function resourcesProblem(resources: readonly ResourceConfig[]): string | null {
  const spellings = resources.flatMap(({ identifier, aliases }) => [identifier, ...aliases])
  const twice = spellings.find((spelling, index) => spellings.indexOf(spelling) !== index)
  if (twice !== undefined) return `${twice} is there twice, as identifier or alias.`
  return resources.map(resourceProblem).find((problem) => problem !== null) ?? null
}

function hierarchyProblem(
  identifier: string,
  hierarchy: ScopeHierarchy,
  isMissing: (scope: string) => boolean,
): string | null {
  const broader = Object.keys(hierarchy)
  const missing = [...broader, ...Object.values(hierarchy).flat()].find(isMissing)
  if (missing !== undefined) return `${identifier} has no scope ${missing} for its scope_hierarchy.`
  const circular = broader.find((scope) => expandScopes(hierarchy[scope] ?? [], hierarchy).includes(scope))
  return circular === undefined
    ? null
    : `The scope_hierarchy of ${identifier} goes in a circle: ${circular} implies itself.`
}
