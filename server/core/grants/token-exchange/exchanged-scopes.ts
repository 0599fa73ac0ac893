/**
 * The scopes of an exchanged token: never more than the subject token has, as it has them written out.
 *
 * @see RFC 8693 section 2.1: `scope`
 * @see docs/adr/0108-scopes-that-imply-others.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../../shared/result.ts'
import { expandScopes, includesScopes, parseScope } from '../../../../shared/scope.ts'
import { ScopeString } from '../../../../shared/scope-syntax.ts'
import { withoutOfflineAccess } from '../../offline-access.ts'
import type { Client, Resource } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'

/** What each of them leaves. `limit`, and the ceiling of a client: null: everything. */
interface Limits {
  readonly subject: readonly string[]
  readonly limit: readonly string[] | null
  readonly client: Pick<Client, 'scopeCeiling'>
  readonly target: Pick<Resource, 'scopes' | 'scopeHierarchy'>
}

/** Pure. Those asked for and what they imply, all of it within every limit; without a request, all that is left. */
export function narrowScopes(
  scope: string | undefined,
  { subject, limit, client, target }: Limits,
): Result<readonly string[], Rejection> {
  if (scope !== undefined && !v.is(ScopeString, scope)) return reject('malformed_scope')
  const registered = withoutOfflineAccess(Object.keys(target.scopes))
  const withImplied = (scopes: readonly string[]) => expandScopes(scopes, target.scopeHierarchy)
  const permitted = limit === null ? registered : withImplied(limit)
  const ceiling = client.scopeCeiling === null ? registered : withImplied(client.scopeCeiling)
  const most = subject.filter((one) => [registered, permitted, ceiling].every((scopes) => scopes.includes(one)))
  const asked = withoutOfflineAccess(parseScope(scope))
  if (asked.length === 0) return most.length === 0 && registered.length > 0 ? reject('scope_beyond_subject') : ok(most)
  if (!includesScopes(registered, asked)) return reject('unknown_scope')
  if (!includesScopes(subject, asked)) return reject('scope_beyond_subject')
  if (!includesScopes(permitted, asked)) return reject('scope_beyond_policy')
  if (!includesScopes(ceiling, asked)) return reject('scope_above_ceiling')
  return ok(withImplied(asked).filter((one) => most.includes(one)))
}
