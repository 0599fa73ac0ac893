/**
 * Checks 1 and 2 as a type: a redirect can only be built from a `RedirectableRequest`, and only this file can make one.
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16): which errors may be redirected
 * @module
 */
import type { FormRecord } from '../../../shared/form.ts'
import type { RedirectUriMatching } from '../../../shared/redirect-uri-match.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Client } from '../records.ts'
import type { Rejection } from '../rejection.ts'
import { checkClientKnown } from './client-known.ts'
import { checkRedirectUri } from './redirect-uri-registered.ts'

const checked = Symbol('client and redirect URI were checked')

/** Client and redirect URI are good: errors may now be told to the client. */
export interface RedirectableRequest {
  readonly [checked]: true
  readonly client: Client
  readonly redirectUri: string
  readonly state: string | undefined
}

/** `found`: the client of the query's `client_id`, if there is one. */
export function checkRedirectable(
  query: FormRecord,
  found: Client | null,
  matching: RedirectUriMatching,
): Result<RedirectableRequest, Rejection> {
  const client = checkClientKnown(found)
  if (!client.ok) return client
  const redirectUri = checkRedirectUri(query, client.value, matching)
  if (!redirectUri.ok) return redirectUri
  const state = query['state']
  return ok({
    [checked]: true,
    client: client.value,
    redirectUri: redirectUri.value,
    state: typeof state === 'string' ? state : undefined,
  })
}
