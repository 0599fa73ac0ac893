/**
 * The sign-in page.
 *
 * @see WCAG 2.2, 3.3.1 (error identification), 1.3.5 (input purpose), 3.3.8 (accessible authentication)
 * @module
 */
import { MOST_CREDENTIALS } from '../core/bounds.ts'
import type { PagesContext } from './context.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { linkTo } from './links.ts'

/** What the page may have to say. */
export const SIGN_IN_NOTES = {
  bad_credentials: 'That name and password do not fit together. Check both and try again.',
  account_disabled: 'This account is disabled. Ask whoever runs this server to enable it.',
  too_many_attempts: 'Too many attempts from here. Wait 15 minutes, then try again.',
} as const

export interface SignInView {
  readonly csrf: string
  /** The authorization request that it is for, and the application's name; left out: nothing is known of the application yet. */
  readonly request?: { readonly query: string; readonly clientName?: string | null } | undefined
  readonly username?: string
  readonly problem?: keyof typeof SIGN_IN_NOTES
}

export function signInPage({ csrf, request, username = '', problem }: SignInView, ctx: PagesContext): Html {
  const failed = problem !== undefined
  const invalid = failed && html` aria-invalid="true" aria-describedby="problem"`
  return layout(
    { title: failed ? 'Error: sign in' : 'Sign in', ctx },
    html`<h1>Sign in</h1>
${request?.clientName !== undefined && html`<p class="lead">to continue to ${applicationName(request.clientName)}</p>`}
${failed && html`<div class="note bad" role="alert" id="problem"><p>${SIGN_IN_NOTES[problem]}</p></div>`}
${providerButtons({ csrf, request }, ctx)}
${(ctx.upstream?.passwords ?? true) && passwordForm({ csrf, request, username, invalid }, ctx)}`,
  )
}

/** A button for each company's own way to sign in. */
function providerButtons({ csrf, request }: Pick<SignInView, 'csrf' | 'request'>, ctx: PagesContext): Html | false {
  const { providers = [], passwords = true } = ctx.upstream ?? {}
  if (providers.length === 0) return false
  return html`<form method="post" action="${linkTo('startElsewhere', ctx)}" class="providers">
<input type="hidden" name="csrf" value="${csrf}">
${request !== undefined && html`<input type="hidden" name="request" value="${request.query}">`}
${providers.map(({ id, name }) => html`<button type="submit" name="provider" value="${id}"${!passwords && html` class="primary"`}>Continue with ${name}</button>`)}
</form>
${passwords && html`<p class="or"><span>or with a password</span></p>`}`
}

interface PasswordForm extends Pick<SignInView, 'csrf' | 'request'> {
  readonly username: string
  readonly invalid: Html | false
}

function passwordForm({ csrf, request, username, invalid }: PasswordForm, ctx: PagesContext): Html {
  // Where there are buttons, nobody knows yet what is wanted, and on a phone the keyboard would cover them.
  const focus = html` autofocus`
  const isOnlyWay = (ctx.upstream?.providers ?? []).length === 0
  return html`<form method="post" action="${linkTo('signIn', ctx)}">
<input type="hidden" name="csrf" value="${csrf}">
${request !== undefined && html`<input type="hidden" name="request" value="${request.query}">`}
<div class="field">
<label for="username">User name</label>
<input id="username" name="username" type="text" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="${String(MOST_CREDENTIALS.username)}"${invalid}${username === '' && isOnlyWay && focus}>
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="${String(MOST_CREDENTIALS.password)}"${invalid}${username !== '' && focus}>
</div>
<div class="actions"><button type="submit" class="primary">Sign in</button></div>
</form>`
}

/** A name that the application gave itself, kept apart from the words around it. */
export const applicationName = (name: string | null): Html =>
  name === null ? html`<em>Unnamed application</em>` : html`<strong><bdi>${name}</bdi></strong>`
