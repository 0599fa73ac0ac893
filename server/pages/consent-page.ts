/**
 * The consent page: who asks, for what, and where the answer goes.
 *
 * @see MCP 2026-07-28, authorization, security considerations: show the redirect URI's host, warn of loopback redirects
 * @see OAuth 2.1 section 7.9 (draft-ietf-oauth-v2-1-16): be clear about who asks and for what
 * @module
 */
import type { ValidRequest } from '../core/authorize/request.ts'
import type { Client, User } from '../core/records.ts'
import { logoLink } from './client-logo.ts'
import type { PagesContext } from './context.ts'
import { displayText } from './display-text.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'
import { linkTo } from './links.ts'
import { describePublisher, isSiteOf, type Publisher } from './publisher.ts'
import { describeRedirectTarget, type RedirectTarget } from './redirect-target.ts'
import { applicationName } from './sign-in-page.ts'

export interface ConsentView {
  readonly csrf: string
  readonly user: User
  readonly request: ValidRequest
  /** The request as it came; it travels through the form and is judged again. */
  readonly query: string
  /** What the client is, for the form. */
  readonly digest: string
  /** The hash of its logo. */
  readonly logo: string | null
  /** Whether the client has changed since they last saw this page. */
  readonly changed: boolean
}

export function consentPage(view: ConsentView, ctx: PagesContext): Html {
  const { csrf, user, request, query, digest, changed } = view
  const { client, resource, scopes, redirectUri } = request
  const name = displayText(client.name)
  const target = describeRedirectTarget(redirectUri)
  const hidden = html`<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="request" value="${query}">`
  return layout(
    { title: 'Allow access?', ctx },
    html`<h1>Allow access?</h1>
${changed && html`<div class="note careful" role="alert"><p>The application has just changed what it says about itself. Look again.</p></div>`}
<p class="lead">${applicationName(name)}${client.agent && html` is an agent and`} wants to use ${resourceName(resource.name, resource.identifier)} in your name.</p>
<dl class="facts">
<div><dt>Access goes to</dt><dd class="target">${target.shown}</dd>${targetNote(target)}</div>
<div><dt>Application</dt><dd>${clientLogoImage(view, ctx)}${applicationName(name)}</dd>${nameNote(client, name)}</div>
${client.agent && agentFact()}
<div><dt>Server</dt><dd><code>${resource.identifier}</code></dd></div>
</dl>
<section aria-labelledby="scopes">
<h2 id="scopes">It will be able to</h2>
${scopeList(scopes, resource.scopes)}
</section>
${warning(target, request)}
<form method="post" action="${linkTo('consent', ctx)}">
${hidden}
<input type="hidden" name="client" value="${digest}">
<div class="actions">
<button type="submit" name="decision" value="allow" class="primary">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</div>
<p class="quiet">You can take this back on <a href="${linkTo('account', ctx)}">your account page</a>.</p>
</form>
<form method="post" action="${linkTo('signOut', ctx)}" class="who">
${hidden}
<p>Signed in as ${personName(user)}.</p>
<p>Not you? <button type="submit" class="link">Sign out</button></p>
</form>`,
  )
}

/** A person, by the name that they chose and the one that they sign in with. */
export function personName({ username, displayName }: User): Html {
  const shown = displayText(displayName)
  return shown === null || shown === username
    ? html`<strong><bdi>${username}</bdi></strong>`
    : html`<strong><bdi>${shown}</bdi></strong> (${username})`
}

/** What a resource is called, or its identifier. */
export function resourceName(name: string | null, identifier: string): Html {
  return html`<strong><bdi>${displayText(name) ?? identifier}</bdi></strong>`
}

/** Scopes, each with its sentence. */
export function scopeList(scopes: readonly string[], descriptions: Readonly<Record<string, string>>): Html {
  if (scopes.length === 0) return html`<p>Nothing beyond knowing who you are.</p>`
  const items = scopes.map((scope) => {
    const described = Object.hasOwn(descriptions, scope) ? displayText(descriptions[scope]) : null
    return described === null
      ? html`<li><code>${scope}</code></li>`
      : html`<li>${described} <code class="quiet">${scope}</code></li>`
  })
  return html`<ul class="scopes">${items}</ul>`
}

function targetNote({ kind }: RedirectTarget): Html | null {
  if (kind === 'loopback') return html`<dd class="quiet">A program on this computer</dd>`
  return kind === 'private-use' ? html`<dd class="quiet">An app on this device that opens such links</dd>` : null
}

/** What it means to say yes to one. */
const agentFact = (): Html => html`<div><dt>Who acts</dt>
<dd><strong>An agent</strong>, not you.</dd>
<dd class="quiet">It decides by itself what it does with this access, also while you are away.</dd></div>`

function clientLogoImage({ request, logo }: ConsentView, ctx: PagesContext): Html | null {
  if (logo === null) return null
  return html`<img class="logo" src="${logoLink(request.client.id, logo, ctx)}" alt="" width="40" height="40">`
}

function nameNote(client: Client, name: string | null): Html | null {
  const publisher = describePublisher(client.id)
  if (publisher !== null) {
    const claim = client.origin === 'administrator' ? null : html` Nobody else has verified this name.`
    return html`<dd class="quiet">Published by <strong>${publisher.shown}</strong>.${claim}</dd>`
  }
  if (client.origin === 'administrator') return null
  return name === null
    ? html`<dd class="quiet">It registered itself and gave no name.</dd>`
    : html`<dd class="quiet">It gave itself this name. Nobody has verified it.</dd>`
}

function warning(target: RedirectTarget, { client, redirectUri }: ValidRequest): Html | null {
  const publisher = describePublisher(client.id)
  const { kind, shown } = target
  if (kind === 'web') return publisher === null ? null : elsewhere(publisher, target, redirectUri)
  const who =
    kind === 'loopback'
      ? html`Any program on this computer could be receiving this access, whatever name it shows above.${onlyHere(client, publisher)}`
      : html`Any app on this device that opens <b>${shown}</b> links could be receiving this access.`
  return html`<div class="note careful" role="note">
<p>${who} <strong>Allow only if you started this just now, in an application that you trust.</strong></p>
</div>`
}

/** The publisher vouches for its own site, and for no program on somebody's computer. */
function onlyHere({ redirectUris }: Client, publisher: Publisher | null): Html | null {
  const isOnlyHere = redirectUris.every((uri) => describeRedirectTarget(uri).kind === 'loopback')
  return publisher !== null && isOnlyHere
    ? html` <b>${publisher.shown}</b> cannot tell which program that is: anyone can use its name here.`
    : null
}

function elsewhere(publisher: Publisher, { shown }: RedirectTarget, redirectUri: string): Html | null {
  if (isSiteOf(publisher, new URL(redirectUri).hostname)) return null
  return html`<div class="note careful" role="note">
<p><b>${publisher.shown}</b> published this application, but the access goes to <b>${shown}</b>. <strong>Allow only if you know both.</strong></p>
</div>`
}
