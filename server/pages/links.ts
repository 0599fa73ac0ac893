/**
 * Every address of ours that a page links to or redirects to. Fixed paths below the issuer: nothing that a request says can choose
 * another one.
 *
 * @see OAuth 2.1 section 7.13 (draft-ietf-oauth-v2-1-16): open redirectors
 * @module
 */
import type { PagesContext } from './context.ts'

type Base = Pick<PagesContext, 'base'>

/** Where a form goes, or a link. */
export const path = {
  authorize: '/oauth/authorize',
  consent: '/oauth/authorize/consent',
  clientLogo: '/oauth/client-logo',
  signIn: '/sign-in',
  signOut: '/sign-out',
  account: '/account',
  startElsewhere: '/oidc/start',
  callback: '/oidc/callback',
  revoke: '/account/revoke',
} as const

/** One of our own addresses. */
export const linkTo = (page: keyof typeof path, { base }: Base): string => `${base}${path[page]}`

/** The authorization request again. Written anew, so that nothing in it can end the header that it stands in. */
export const authorizeLink = (query: URLSearchParams, ctx: Base): string => `${linkTo('authorize', ctx)}?${query}`

/** The sign-in page, on the way to an authorization request or else to the account page. */
export function signInLink(query: string | undefined, ctx: Base): string {
  if (query === undefined) return linkTo('signIn', ctx)
  return `${linkTo('signIn', ctx)}?${new URLSearchParams({ request: query })}`
}

/** A page of the account page. `revoked`: whether the person comes from revoking something. */
export function accountLink(page: number, ctx: Base, revoked = false): string {
  const query = [...(revoked ? ['revoked'] : []), ...(page === 1 ? [] : [`page=${page}`])].join('&')
  return linkTo('account', ctx) + (query === '' ? '' : `?${query}`)
}
