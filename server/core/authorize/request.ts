/**
 * What an authorization request is known to be, step by step. Each type proves the checks before it.
 *
 * @module
 */
import type { Resource } from '../records.ts'
import type { Rejection } from '../rejection.ts'
import type { RedirectableRequest } from './redirectable-request.ts'

/** The values of `prompt` that Sallyport acts on; others are ignored. */
export type Prompt = 'none' | 'login' | 'consent'

/** Every check passed: what remains is who the person is and whether they agree. */
export interface ValidRequest extends RedirectableRequest {
  readonly codeChallenge: string
  /** The thumbprint of the key that whoever redeems the code must hold; null: the request names none. */
  readonly boundTo: string | null
  readonly resource: Resource
  readonly scopes: readonly string[]
  readonly prompts: readonly Prompt[]
}

/**
 * The judgement of an authorization request. `local_error` has no redirect URI to misuse. `sign_in_first`: nothing is known of the client
 * yet, and it is only looked into for somebody who is signed in.
 */
export type AuthorizationOutcome =
  | { readonly kind: 'sign_in_first' }
  | { readonly kind: 'local_error'; readonly rejection: Rejection }
  | ErrorRedirect
  | { readonly kind: 'valid'; readonly request: ValidRequest }

/** The client is told of an error. */
export type ErrorRedirect = { readonly kind: 'redirect'; readonly location: string } | PageBeforeRedirect

/** `location` may be a stranger's: the person has to see that, and decide. */
export interface PageBeforeRedirect {
  readonly kind: 'page_before_redirect'
  /** The part of `location` that the client chose. */
  readonly redirectUri: string
  readonly rejection: Rejection
  readonly location: string
}

/** What has to happen next for a valid request. */
export type NextStep =
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'consent' }
  | { readonly kind: 'redirect'; readonly location: string }
  | PageBeforeRedirect
