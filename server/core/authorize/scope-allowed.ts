/**
 * Check 7: the scopes are ones of the resource, within the client's ceiling.
 *
 * @see RFC 6749 section 3.3: a missing scope means a documented default, or fails
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../shared/result.ts'
import { includesScopes, parseScope, ScopeString } from '../../../shared/scope.ts'
import { withoutOfflineAccess } from '../offline-access.ts'
import type { Client, Resource } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

/** The scopes to ask the person for, in the order of the request. */
export function checkScope(
  scope: string | undefined,
  resource: Resource,
  client: Client,
  requireScope: boolean,
): Result<readonly string[], Rejection> {
  if (scope !== undefined && !v.is(ScopeString, scope)) return reject('malformed_scope')
  const registered = withoutOfflineAccess(Object.keys(resource.scopes))
  const asked = withoutOfflineAccess(parseScope(scope))
  if (asked.length === 0) {
    // A resource without scopes has nothing to name: its audience alone is the permission.
    if (requireScope && registered.length > 0) return reject('missing_scope')
    return ok(withinCeiling(withoutOfflineAccess(resource.defaultScopes ?? registered), client))
  }
  if (!includesScopes(registered, asked)) return reject('unknown_scope')
  return withinCeiling(asked, client).length === asked.length ? ok(asked) : reject('scope_above_ceiling')
}

function withinCeiling(scopes: readonly string[], { scopeCeiling }: Client): readonly string[] {
  return scopeCeiling === null ? scopes : scopes.filter((scope) => scopeCeiling.includes(scope))
}
