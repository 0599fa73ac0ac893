/**
 * The page before a redirect to an address that nobody but a stranger has named: the person sees where it leads, and that it is not here.
 *
 * @see RFC 9700 section 4.11.2: the authorization server as an open redirector
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import type { PageBeforeRedirect } from '../core/authorize/request.ts'
import { toOAuthError } from '../core/rejection.ts'
import type { PagesContext } from './context.ts'
import { html } from './html.ts'
import { layout } from './layout.ts'
import { describeRedirectTarget } from './redirect-target.ts'
import { pageResponse } from './respond.ts'

export function strangerPage({ rejection, redirectUri, location }: PageBeforeRedirect, ctx: PagesContext): Response {
  const { code, description } = toOAuthError(rejection.reason)
  const { shown } = describeRedirectTarget(redirectUri)
  const page = layout(
    { title: 'This did not work', ctx },
    html`<h1>This did not work</h1>
      <div role="alert"><p>${description} The application got no access.</p>
      <p>The application is at <strong class="target">${shown}</strong>, which this server does not know. Do not type a password there that you use here.</p></div>
      <p><a href="${location}" rel="noreferrer">Go back to ${shown}</a></p>
      <p class="quiet">For the application&#39;s developers: <code>${code}</code></p>`,
  )
  return pageResponse(page, { status: 400 })
}
