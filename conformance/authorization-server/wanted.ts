/**
 * What is asked for, where nobody says: what the metadata name first.
 *
 * @module
 */
import { formatScope } from '../../shared/scope.ts'
import { insertWellKnown, OAUTH_PROTECTED_RESOURCE } from '../../shared/well-known.ts'
import type { Http } from '../core/http.ts'
import type { AuthorizationServerOptions } from './options.ts'

export const toStrings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined

/** Scopes that say something about the person or the session, not about a resource. */
const GENERAL_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

export async function findWanted(
  http: Http,
  options: Pick<AuthorizationServerOptions, 'resource' | 'scope'>,
  listed: (member: string) => Promise<readonly string[] | undefined>,
): Promise<{ readonly resource?: string; readonly scope?: string }> {
  const resource = options.resource ?? (await listed('protected_resources'))?.[0]
  const offered = (await listed('scopes_supported')) ?? []
  const known = resource === undefined ? undefined : await scopesOf(http, resource)
  const first = (known ?? offered.filter((scope) => !GENERAL_SCOPES.includes(scope))).slice(0, 1)
  const scope = options.scope ?? formatScope([...first, ...offered.filter((one) => one === 'offline_access')])
  return { ...(resource === undefined ? {} : { resource }), ...(scope === '' ? {} : { scope }) }
}

async function scopesOf(http: Http, resource: string): Promise<readonly string[] | undefined> {
  if (!URL.canParse(resource)) return undefined
  const answer = await http.get(insertWellKnown(resource, OAUTH_PROTECTED_RESOURCE)).catch(() => undefined)
  return toStrings(answer?.json['scopes_supported'])
}
