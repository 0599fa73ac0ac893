/**
 * The account page: what was granted, and the way to take it back.
 *
 * @see OAuth 2.1 section 7.9 (draft-ietf-oauth-v2-1-16): people should see and be able to revoke what they granted
 * @module
 */
import { memoizeLast } from '../core/memoize-last.ts'
import type { Client, Grant, Resource, User } from '../core/records.ts'
import { personName, resourceName, scopeList } from './consent-page.ts'
import type { PagesContext } from './context.ts'
import { displayText } from './display-text.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { accountLink, linkTo } from './links.ts'
import { applicationName } from './sign-in-page.ts'

/** A grant with the records that it names, where they still exist. */
export interface GrantView {
  readonly grant: Grant
  readonly client: Client | null
  readonly resource: Resource | null
}

export interface AccountView {
  readonly csrf: string
  readonly user: User
  readonly grants: readonly GrantView[]
  /** Which page of the list it is, from 1 on. */
  readonly page: number
  readonly isLast: boolean
  /** Whether the person comes from revoking one. */
  readonly revoked: boolean
}

export function accountPage(view: AccountView, ctx: PagesContext): Html {
  const { csrf, user, grants, page, revoked } = view
  return layout(
    { title: page === 1 ? 'Your account' : `Your account, page ${page}`, ctx },
    html`<h1>Your account</h1>
<form method="post" action="${linkTo('signOut', ctx)}" class="who">
<input type="hidden" name="csrf" value="${csrf}">
<p>Signed in as ${personName(user)}.</p><p><button type="submit" class="link">Sign out</button></p>
</form>
${revoked && html`<div class="note good" role="status"><p>Access was revoked.</p></div>`}
<section aria-labelledby="grants">
<h2 id="grants">Applications with access</h2>
${
  grants.length === 0
    ? html`<p class="empty">None. When you allow an application to use one of your servers, it appears here.</p>`
    : html`<ul class="grants">${grants.map((one, index) => grantItem(one, index, view, ctx))}</ul>`
}
${pagesNav(view, ctx)}
</section>`,
  )
}

/** Links, so that keys and screen readers know them. Nothing where one page holds all. */
function pagesNav({ page, isLast }: AccountView, ctx: PagesContext): Html | false {
  if (page === 1 && isLast) return false
  return html`<nav class="pages" aria-label="Pages of the list">
${page > 1 && html`<a rel="prev" href="${accountLink(page - 1, ctx)}">Newer</a>`}
<span aria-current="page">Page ${page}</span>
${!isLast && html`<a rel="next" href="${accountLink(page + 1, ctx)}">Older</a>`}
</nav>`
}

function grantItem(
  { grant, client, resource }: GrantView,
  index: number,
  { csrf, page }: AccountView,
  ctx: PagesContext,
): Html {
  const id = `grant-${index}`
  return html`<li>
<h3 id="${id}">${applicationName(displayText(client?.name))}${client?.agent === true && html` <span class="tag">Agent</span>`}</h3>
<p>may use ${resourceName(resource?.name ?? null, grant.resource)}</p>
${resource?.name != null && html`<p class="quiet"><code>${grant.resource}</code></p>`}
${scopeList(grant.scopes, resource?.scopes ?? {})}
<form method="post" action="${linkTo('revoke', ctx)}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="grant" value="${grant.id}">
<input type="hidden" name="page" value="${page}">
<p class="quiet">Since ${day(grant.createdAt)}</p>
<button type="submit" aria-describedby="${id}">Revoke</button>
</form>
</li>`
}

/** Made when the first date is shown: the runtime loads its calendars for it. */
const dayFormat = memoizeLast(() => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }))

/** A point in time, to the day. */
function day(seconds: number): Html {
  const date = new Date(seconds * 1000)
  return html`<time datetime="${date.toISOString()}">${dayFormat().format(date)}</time>`
}
