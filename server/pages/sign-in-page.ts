/**
 * The sign-in page.
 *
 * @see WCAG 2.2, 3.3.1 (error identification), 1.3.5 (input purpose), 3.3.8 (accessible authentication)
 * @module
 */
import { MOST_CREDENTIALS } from '../core/bounds.ts'
import type { UpstreamProvider } from '../core/upstream.ts'
import type { PagesContext } from './context.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { linkTo } from './links.ts'
import type { Publisher } from './publisher.ts'
import type { RedirectTarget } from './redirect-target.ts'

/** What the page may have to say. */
export const SIGN_IN_NOTES = {
  bad_credentials: 'That name and password do not fit together. Check both and try again.',
  account_disabled: 'This account is disabled. Ask whoever runs this server to enable it.',
  too_many_attempts: 'Too many attempts from here. Wait 15 minutes, then try again.',
} as const

/** `application`: what is known of it; left out: nothing is yet, but who publishes it. */
interface ForApplication {
  readonly query: string
  readonly application?: { readonly name: string | null; readonly target: RedirectTarget }
  readonly publisher?: Publisher | null
}

export interface SignInView {
  readonly csrf: string
  /** The authorization request that it is for. */
  readonly request?: ForApplication | undefined
  readonly username?: string
  readonly problem?: keyof typeof SIGN_IN_NOTES
}

export function signInPage({ csrf, request, username = '', problem }: SignInView, ctx: PagesContext): Html {
  const failed = problem !== undefined
  const invalid = failed && html` aria-invalid="true" aria-describedby="problem"`
  return layout(
    { title: failed ? 'Error: sign in' : 'Sign in', ctx },
    html`<h1>Sign in</h1>
${request?.application !== undefined && html`<p class="lead">to continue to ${applicationName(request.application.name)}</p>`}
${failed && html`<div class="note bad" role="alert" id="problem"><p>${SIGN_IN_NOTES[problem]}</p></div>`}
${providerButtons({ csrf, request }, ctx)}
${(ctx.upstream?.passwords ?? true) && passwordForm({ csrf, request, username, invalid }, ctx)}`,
  )
}

/** What a provider will be asked for, and by whom, is told before anybody is sent there (SEC-021). */
function beforeLeaving({ application, publisher }: ForApplication, providers: readonly UpstreamProvider[]): Html {
  const sets = [...new Set(providers.map(({ scopes }) => scopes.join(' ')))]
  const who = (set: string) => providers.filter(({ scopes }) => scopes.join(' ') === set).map(({ name }) => name)
  const scopes = sets.map(
    (set, index) => html`${index > 0 && ', '}<code>${set}</code>${sets.length > 1 && html` at ${who(set).join(', ')}`}`,
  )
  const where = application?.target.shown ?? publisher?.shown
  const whose = where !== undefined && html` at <b>${where}</b>`
  return html`<p class="quiet">Only this server learns who you are (${scopes}). After that you decide what the application${whose} may do.</p>`
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
${request !== undefined && beforeLeaving(request, providers)}
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
