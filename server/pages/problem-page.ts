/**
 * The page for everything that cannot go on. Constant words only: nothing that a caller sent is on it.
 *
 * @see OAuth 2.1 section 4.1.2.1 (draft-ietf-oauth-v2-1-16): a bad client or redirect URI is told to the person, with status 400
 * @module
 */
import { type Reason, type Rejection, toOAuthError } from '../core/rejection.ts'
import type { PagesContext } from './context.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { pageResponse } from './respond.ts'

interface Problem {
  readonly status: number
  readonly title: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

const PROBLEMS = {
  unreadable_form: {
    status: 400,
    title: 'That did not arrive',
    text: 'The form could not be read. Go back, reload the page and try again.',
  },
  parameter_too_long: {
    status: 400,
    title: 'That is too long',
    text: 'Something in the form is longer than this server reads. Nothing was changed. Go back to your application and start again.',
  },
  credentials_too_long: {
    status: 400,
    title: 'That is too long',
    text: 'A user name has at most 256 characters here, a password 1024. Nobody was signed in. Go back and try again.',
  },
  foreign_form: {
    status: 403,
    title: 'This form is out of date',
    text: 'You may have signed in or out in another tab, or cookies are blocked. Nothing was changed. Go back to your application and start again.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Nothing to see here',
    text: 'This address only takes a sign-in that an application started.',
    headers: { allow: 'GET' },
  },
  too_many_requests: {
    status: 429,
    title: 'One moment, please',
    text: 'Too many requests came from here, from you or from others in your network, or for this application. Nothing is lost: wait a little, then reload this page.',
  },
  too_long: {
    status: 414,
    title: 'That is too long',
    text: 'The application sent more than this server reads. Nothing was changed. Go back to your application and tell its developers.',
  },
  unavailable: {
    status: 503,
    title: 'Back in a moment',
    text: 'The server cannot answer right now. Nothing is lost: wait a few seconds, then reload this page.',
    headers: { 'retry-after': '5' },
  },
  failed: {
    status: 500,
    title: 'Something went wrong here',
    text: 'The server failed, and the failure was logged. Go back to your application and start again.',
  },
} as const satisfies Record<string, Problem>

/** A page for trouble of our own, or with a form. `more`: headers besides. */
export function problemPage(
  name: keyof typeof PROBLEMS,
  ctx: PagesContext,
  more: Readonly<Record<string, string>> = {},
): Response {
  const { status, title, text, headers = {} }: Problem = PROBLEMS[name]
  const page = layout({ title, ctx }, html`<h1>${title}</h1><p role="alert">${text}</p>`)
  return pageResponse(page, { status, headers: { ...headers, ...more } })
}

/** A page for someone who has to wait for so many seconds. */
export const tooManyRequests = (seconds: number, ctx: PagesContext): Response =>
  problemPage('too_many_requests', ctx, { 'retry-after': String(seconds) })

/** A page for an authorization request whose client or redirect URI is not good, which therefore must not be redirected. */
export function rejectionPage({ reason }: Rejection, ctx: PagesContext): Response {
  const { status, code, description } = toOAuthError(reason)
  if (status >= 500) return problemPage(reason === 'unavailable' ? 'unavailable' : 'failed', ctx)
  const { title, advice } = explain(reason, description)
  const page = layout(
    { title, ctx },
    html`<h1>${title}</h1>
      <div role="alert">${advice}</div>
      <p class="quiet">For the application&#39;s developers: <code>${code}</code></p>`,
  )
  return pageResponse(page, { status: 400 })
}

interface Explanation {
  readonly title: string
  readonly advice: Html
}

const UNKNOWN_CLIENT: Explanation = {
  title: 'This application is not known here',
  advice: html`<p>It may have been registered with an earlier installation of this server.</p>
    <p><strong>Remove the server in your application and add it again.</strong> The application then registers itself anew.</p>`,
}

/** Not why: that would tell strangers what this server can reach. */
const UNREADABLE_DOCUMENT: Explanation = {
  title: 'This application could not be checked',
  advice: html`<p>What the application publishes about itself could not be read, or is not right. You were not sent on.</p>
    <p>This may pass: go back to your application in a minute and start again.</p>`,
}

function explain(reason: Reason, description: string): Explanation {
  if (reason === 'unknown_client') return UNKNOWN_CLIENT
  return reason === 'unreadable_client_document' ? UNREADABLE_DOCUMENT : bad(description)
}

const bad = (description: string): Explanation => ({
  title: 'This request cannot be trusted',
  advice: html`<p>${description}</p>
    <p>To keep your data safe, you were not sent on. Go back to your application and start again; if that does not help,
      remove the server there and add it again.</p>`,
})
