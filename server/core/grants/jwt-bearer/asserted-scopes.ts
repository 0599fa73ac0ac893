/**
 * The scopes that an ID-JAG leads to: what its issuer names, what the client asks for, and what is allowed here, whichever is least.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.4.1: a subset may be granted, and is told
 * @see docs/adr/0108-scopes-that-imply-others.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../../shared/result.ts'
import { expandScopes, parseScope, unionScopes } from '../../../../shared/scope.ts'
import { ScopeString } from '../../../../shared/scope-syntax.ts'
import { withoutOfflineAccess } from '../../offline-access.ts'
import type { Client, Resource } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import { namesResource } from '../../select-resource.ts'
import type { AccessRule } from '../../trusted-issuers/trusted-issuer.ts'

/** What names scopes: the issuer, and the request. */
export interface NamedScopes {
  readonly asserted: string | undefined
  readonly requested: string | undefined
}

/** Pure. What the rules leave a client at a resource, what is implied written out; null: they do not let it in. */
export function allowedScopes(
  rules: readonly AccessRule[],
  client: Pick<Client, 'id'>,
  resource: Resource,
): readonly string[] | null {
  const fitting = rules.filter(
    ({ clients, resources }) =>
      (clients?.includes(client.id) ?? true) && (resources?.some((name) => namesResource(resource, name)) ?? true),
  )
  if (fitting.length === 0) return null
  return withImplied(unionScopes(...fitting.map(({ scopes }) => scopes ?? scopesOf(resource))), resource)
}

/** Pure. `allowed`: by the rules. */
export function narrowScopes(
  { asserted, requested }: NamedScopes,
  { resource, client, allowed }: { resource: Resource; client: Client; allowed: readonly string[] },
  requireScope: boolean,
): Result<readonly string[], Rejection> {
  if (asserted !== undefined && !v.is(ScopeString, asserted)) return reject('malformed_grant_assertion')
  if (requested !== undefined && !v.is(ScopeString, requested)) return reject('malformed_scope')
  const wanted = withoutOfflineAccess(parseScope(requested))
  if (asserted === undefined && wanted.length === 0 && requireScope && scopesOf(resource).length > 0)
    return reject('missing_scope')
  const limits = [
    allowed,
    ...(client.scopeCeiling === null ? [] : [withImplied(client.scopeCeiling, resource)]),
    ...(asserted === undefined ? [] : [withImplied(parseScope(asserted), resource)]),
    ...(wanted.length === 0 ? [] : [withImplied(wanted, resource)]),
  ]
  const unnamed = asserted === undefined && wanted.length === 0
  const most = unnamed ? withImplied(resource.defaultScopes ?? scopesOf(resource), resource) : scopesOf(resource)
  const left = most.filter((scope) => limits.every((limit) => limit.includes(scope)))
  return left.length === 0 && scopesOf(resource).length > 0 ? reject('no_scope_left') : ok(left)
}

const scopesOf = ({ scopes }: Resource): readonly string[] => withoutOfflineAccess(Object.keys(scopes))

/** Those that the resource has. */
const withImplied = (scopes: readonly string[], resource: Resource): readonly string[] =>
  expandScopes(scopes, resource.scopeHierarchy).filter((scope) => scopesOf(resource).includes(scope))
