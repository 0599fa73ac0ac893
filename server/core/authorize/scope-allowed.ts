/**
 * Check 7: the scopes are ones of the resource, within the client's ceiling. What they imply is written out here, once.
 *
 * @see RFC 6749 section 3.3: a missing scope means a documented default, or fails
 * @see docs/adr/0108-scopes-that-imply-others.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../shared/result.ts'
import { expandScopes, includesScopes, parseScope } from '../../../shared/scope.ts'
import { ScopeString } from '../../../shared/scope-syntax.ts'
import { withoutOfflineAccess } from '../offline-access.ts'
import type { Client, Resource } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

/** The scopes to ask the person for, in the order of the request, each followed by what it implies. */
export function checkScope(
  scope: string | undefined,
  resource: Resource,
  client: Client,
  requireScope: boolean,
): Result<readonly string[], Rejection> {
  if (scope !== undefined && !v.is(ScopeString, scope)) return reject('malformed_scope')
  const registered = withoutOfflineAccess(Object.keys(resource.scopes))
  const asked = withoutOfflineAccess(parseScope(scope))
  const withImplied = (scopes: readonly string[]) =>
    expandScopes(scopes, resource.scopeHierarchy).filter((one) => registered.includes(one))
  const ceiling = client.scopeCeiling === null ? registered : withImplied(client.scopeCeiling)
  if (asked.length === 0) {
    // A resource without scopes has nothing to name: its audience alone is the permission.
    if (requireScope && registered.length > 0) return reject('missing_scope')
    return ok(withImplied(resource.defaultScopes ?? registered).filter((one) => ceiling.includes(one)))
  }
  if (!includesScopes(registered, asked)) return reject('unknown_scope')
  return includesScopes(ceiling, asked) ? ok(withImplied(asked)) : reject('scope_above_ceiling')
}
