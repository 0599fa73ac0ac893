/**
 * Which client gets ID-JAGs for which authorization server, resources and scopes: those that an operator listed.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3 (`audience`, `resource`), section 4.3.3 (processing)
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, section 4.1
 * @see docs/adr/0184-what-an-id-jag-may-say.md
 * @module
 */
import * as v from 'valibot'
import { ok, type Result } from '../../../../shared/result.ts'
import { includesScopes, parseScope } from '../../../../shared/scope.ts'
import { ScopeString } from '../../../../shared/scope-syntax.ts'
import type { TokenExchangeRequest } from '../../../../shared/token-exchange.ts'
import { type Rejection, reject } from '../../rejection.ts'

/** What an operator decides of ID-JAGs. */
export interface IdJagSettings {
  /** Seconds. */
  readonly lifetime: number
  readonly audiences: readonly IdJagAudience[]
}

/** Another authorization server, and what people here may have there. */
export interface IdJagAudience {
  readonly issuer: string
  /** Our clients, each with its id there. */
  readonly clients: ReadonlyMap<string, string>
  /** The resources that it governs. */
  readonly resources: readonly string[]
  /** Its scopes, each with the scope here that the subject token must have for it. None: an ID-JAG names no scopes. */
  readonly scopes: ReadonlyMap<string, string>
}

/** What the ID-JAG will say. */
export interface IdJagTarget {
  readonly issuer: string
  readonly clientId: string
  readonly resources: readonly string[]
  readonly scopes: readonly string[]
}

/** Pure. `held`: the scopes of the subject token, of which it may only become fewer. */
export function checkIdJagPolicy(
  { audience = [], resource = [], scope }: Pick<TokenExchangeRequest, 'audience' | 'resource' | 'scope'>,
  { clientId, held }: { readonly clientId: string; readonly held: readonly string[] },
  { audiences }: Pick<IdJagSettings, 'audiences'>,
): Result<IdJagTarget, Rejection> {
  const [issuer, ...others] = new Set(audience)
  if (issuer === undefined || others.length > 0) return reject('unclear_id_jag_audience')
  const server = audiences.find((one) => one.issuer === issuer)
  const there = server?.clients.get(clientId)
  // Nobody is told which servers there are for others.
  if (server === undefined || there === undefined) return reject('unknown_id_jag_audience')
  const resources = resource.length === 0 ? server.resources : [...new Set(resource)]
  if (resource.length === 0 && resources.length !== 1) return reject('missing_resource')
  if (!resources.every((one) => server.resources.includes(one))) return reject('resource_not_governed')
  const scopes = narrowScopes(scope, held, server)
  return scopes.ok ? ok({ issuer, clientId: there, resources, scopes: scopes.value }) : scopes
}

function narrowScopes(
  scope: string | undefined,
  held: readonly string[],
  { scopes }: Pick<IdJagAudience, 'scopes'>,
): Result<readonly string[], Rejection> {
  if (scope !== undefined && !v.is(ScopeString, scope)) return reject('malformed_scope')
  const asked = parseScope(scope)
  if (!includesScopes([...scopes.keys()], asked)) return reject('scope_beyond_policy')
  const most = [...scopes].filter(([, here]) => held.includes(here)).map(([there]) => there)
  if (!includesScopes(most, asked)) return reject('scope_beyond_subject')
  // Without scopes it would say that there is no limit.
  if (most.length === 0 && scopes.size > 0) return reject('scope_beyond_subject')
  return ok(asked.length === 0 ? most : asked)
}
