/**
 * What an authorization request is known to be, step by step. Each step's type proves the checks before it: a redirect can only
 * be built from a `RedirectableRequest`, and a code only be issued for a `ValidRequest`.
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16): which errors may be redirected
 * @module
 */
import type { AuthorizationRequest } from '../../../shared/authorization-request.ts'
import type { Client, Resource } from '../records.ts'
import type { Rejection } from '../rejection.ts'

declare const redirectable: unique symbol

/** Client and redirect URI are good: errors may now be told to the client. */
export interface RedirectableRequest {
  readonly [redirectable]: true
  readonly params: AuthorizationRequest
  readonly client: Client
  readonly redirectUri: string
  readonly state: string | undefined
}

/** The values of `prompt` that Sallyport acts on; others are ignored. */
export type Prompt = 'none' | 'login' | 'consent'

/** Every check passed: what remains is who the person is and whether they agree. */
export interface ValidRequest extends RedirectableRequest {
  readonly codeChallenge: string
  readonly resource: Resource
  readonly scopes: readonly string[]
  readonly prompts: readonly Prompt[]
}

/** The judgement of an authorization request. `local_error` has no redirect URI to misuse. */
export type AuthorizationOutcome =
  | { readonly kind: 'local_error'; readonly rejection: Rejection }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'valid'; readonly request: ValidRequest }

/** What has to happen next for a valid request. */
export type NextStep =
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'consent' }
  | { readonly kind: 'redirect'; readonly location: string }
