/**
 * Resources between the way in which people write them and the record that the core works with.
 *
 * @module
 */
import type { ResourceConfig, ResourceInput } from '../config/resource.ts'
import type { Resource } from '../core/records.ts'

export const toResource = (config: ResourceConfig): Resource => ({
  identifier: config.identifier,
  aliases: config.aliases,
  name: config.name ?? null,
  scopes: config.scopes,
  scopeHierarchy: config.scope_hierarchy ?? {},
  defaultScopes: config.default_scopes ?? null,
  accessTokenLifetime: config.access_token_lifetime ?? null,
  dpop: config.dpop ?? 'optional',
})

/** The other way round. What is as it would be without being said is left out. */
export function toResourceConfig(resource: Resource): ResourceInput {
  const { identifier, aliases, name, scopes, scopeHierarchy, defaultScopes, accessTokenLifetime, dpop } = resource
  return {
    identifier,
    ...(name === null ? {} : { name }),
    scopes,
    ...(Object.keys(scopeHierarchy).length === 0 ? {} : { scope_hierarchy: toLists(scopeHierarchy) }),
    ...(aliases.length === 0 ? {} : { aliases: [...aliases] }),
    ...(defaultScopes === null ? {} : { default_scopes: [...defaultScopes] }),
    ...(accessTokenLifetime === null ? {} : { access_token_lifetime: accessTokenLifetime }),
    ...(dpop === 'optional' ? {} : { dpop }),
  }
}

const toLists = (hierarchy: Resource['scopeHierarchy']) =>
  Object.fromEntries(Object.entries(hierarchy).map(([scope, implied]) => [scope, [...implied]]))
