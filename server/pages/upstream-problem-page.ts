/**
 * The page for a sign-in at a company's provider that came to nothing: what happened, and what to do now. Constant words only.
 *
 * @see WCAG 2.2, 3.3.3: an error comes with a suggestion
 * @module
 */
import type { UpstreamFailure, UpstreamProblem } from '../core/upstream.ts'
import type { PagesContext } from './context.ts'
import { html } from './html.ts'
import { layout } from './layout.ts'
import { linkTo } from './links.ts'
import { pageResponse } from './respond.ts'

interface Explanation {
  readonly status: number
  readonly title: string
  readonly text: string
  readonly advice: string
}

const OUT_OF_DATE: Explanation = {
  status: 400,
  title: 'This sign-in is out of date',
  text: 'It took longer than ten minutes, was finished already, or was begun in another browser. Nobody was signed in.',
  advice: 'Sign in again.',
}

const UNAVAILABLE: Explanation = {
  status: 503,
  title: 'Your company cannot be reached',
  text: 'Its identity provider did not answer, or not in time. Nothing is lost.',
  advice: 'Wait a minute, then sign in again.',
}

const MISCONFIGURED: Explanation = {
  status: 502,
  title: 'Your company’s provider is not set up right',
  text: 'What it answered does not fit what this server expects. Nobody was signed in.',
  advice: 'Tell whoever runs this server: its audit log says what is wrong.',
}

const UNTRUSTED: Explanation = {
  status: 400,
  title: 'This sign-in cannot be trusted',
  text: 'The answer of your company’s sign-in failed a check. To keep your data safe, nobody was signed in.',
  advice: 'Sign in again. If that does not help, tell whoever runs this server: its audit log says what is wrong.',
}

const REFUSED: Explanation = {
  status: 403,
  title: 'You were not signed in',
  text: 'Your company’s sign-in was cancelled, or does not let you use this server.',
  advice: 'Sign in again, or ask your administrator for access.',
}

const NOT_ADMITTED: Explanation = {
  status: 403,
  title: 'You have no access here',
  text: 'You are signed in at your company, but this server is not open to that account.',
  advice: 'Ask your administrator for access, or sign in with another account.',
}

const DISABLED: Explanation = {
  status: 403,
  title: 'This account is disabled',
  text: 'You are signed in at your company, but your account on this server is disabled.',
  advice: 'Ask whoever runs this server to enable it.',
}

const EXPLANATIONS: Readonly<Record<UpstreamProblem, Explanation>> = {
  unknown_sign_in: OUT_OF_DATE,
  unknown_provider: OUT_OF_DATE,
  provider_unavailable: UNAVAILABLE,
  provider_misconfigured: MISCONFIGURED,
  provider_refused: REFUSED,
  wrong_provider: UNTRUSTED,
  code_refused: UNTRUSTED,
  malformed_id_token: UNTRUSTED,
  wrong_id_token_signature: UNTRUSTED,
  wrong_id_token_issuer: UNTRUSTED,
  wrong_id_token_audience: UNTRUSTED,
  wrong_id_token_nonce: UNTRUSTED,
  wrong_id_token_at_hash: UNTRUSTED,
  expired_id_token: UNTRUSTED,
  stale_authentication: UNTRUSTED,
  wrong_userinfo_subject: UNTRUSTED,
  unverified_email: NOT_ADMITTED,
  foreign_email_domain: NOT_ADMITTED,
  missing_group: NOT_ADMITTED,
  no_account: NOT_ADMITTED,
  upstream_account_disabled: DISABLED,
}

export function upstreamProblemPage({ problem, request }: UpstreamFailure, ctx: PagesContext): Response {
  const { status, title, text, advice } = EXPLANATIONS[problem]
  const page = layout(
    { title, ctx },
    html`<h1>${title}</h1>
<div role="alert"><p>${text}</p><p><strong>${advice}</strong></p></div>
<form method="get" action="${linkTo('signIn', ctx)}">
${request !== null && html`<input type="hidden" name="request" value="${request}">`}
<div class="actions"><button type="submit" class="primary">Back to sign-in</button></div>
</form>
${request === null && html`<p class="quiet">If an application brought you here, go back to it and start again.</p>`}`,
  )
  const headers: Readonly<Record<string, string>> = status === 503 ? { 'retry-after': '60' } : {}
  // From the sign-in page it goes on to the application, for whoever is signed in meanwhile.
  return pageResponse(page, { status, headers, leadsElsewhere: true })
}
