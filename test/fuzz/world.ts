/**
 * An authorization server with everything that a good request could name, renewed now and then, because cases use it up.
 *
 * @module
 */
import type { ConfigInput } from '../../server/config.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  authorizationQuery,
  createBrowser,
  createTestServer,
  formFields,
  obtainCode,
  obtainTokens,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  type TestServer,
  USER,
  VERIFIER,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { createElsewhere, DOCUMENT_CLIENT } from './elsewhere.ts'
import type { Params } from './parameters.ts'
import type { Body, Sent } from './requests.ts'
import { type Known, resolve } from './values.ts'

/** How many cases one set of codes and tokens serves. */
const USES = 16
/** Seconds from one set to the next, so that limits are reached sometimes and not always. */
const PAUSE = 10

export const OTHER_RESOURCE = 'https://other.example/mcp'
export const SCOPES = { 'notes:read': 'Read', 'notes:write': 'Write', 'notes:admin': 'Delete' }
export const CONFIG: ConfigInput = {
  resources: [RESOURCE, OTHER_RESOURCE].map((identifier) => ({ identifier, scopes: SCOPES })),
  client_credentials: { enabled: true },
  session: { lifetime: 365 * 24 * 3600 },
}

export interface World {
  readonly server: TestServer
  /** The request of a case; null when it is none that HTTP could carry. */
  request(sent: Sent): Promise<Request | null>
  /** What only its receiver may know, of all that the last case could name. */
  secrets(): readonly string[]
}

/** How many cases one world serves. Each leaves something in its database. */
const LIFE = 4000

/** Worlds, one after the other. */
export interface Worlds {
  /** For one case. */
  next(): Promise<World>
  close(): Promise<void>
}

/** The first world is there at once; `first` is the caller's to look at. */
export async function createWorlds(): Promise<Worlds & { readonly first: World }> {
  const first = await createWorld()
  let current = first
  let cases = 0
  return {
    first,
    async next() {
      if (cases > 0 && cases % LIFE === 0) {
        await current.server.close()
        current = await createWorld()
      }
      cases += 1
      return current
    },
    close: () => current.server.close(),
  }
}

async function createWorld(): Promise<World> {
  const sites = createElsewhere()
  const server = await createTestServer(CONFIG, { outbound: sites.outbound })
  const { client_id } = await registerClient(server)
  const confidential = await addSecretClient(server, { authMethods: ['client_secret_post'] })
  const constant = {
    client: client_id,
    confidentialClient: confidential.id,
    clientSecret: confidential.secret,
    verifier: VERIFIER,
    challenge: await s256(VERIFIER),
    redirectUri: REDIRECT_URI,
    resource: RESOURCE,
    otherResource: OTHER_RESOURCE,
    scope: 'notes:read notes:write',
    issuer: server.issuer,
    documentClient: DOCUMENT_CLIENT,
    query: String(await authorizationQuery(client_id)),
  }
  const browser = await signIn(server)
  let known: Readonly<Record<Known, string>> | null = null
  let uses = 0

  const renew = async () => {
    server.clock.now += PAUSE
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    return {
      ...constant,
      code: await obtainCode(server, client_id),
      refreshToken: refresh_token,
      accessToken: access_token,
    }
  }

  return {
    server,
    async request(sent) {
      if (known === null || uses++ % USES === 0) known = await renew()
      sites.tell(sent.elsewhere)
      return toRequest(sent, known, server.issuer, browser)
    },
    secrets: () => SECRETS.flatMap((name) => known?.[name] ?? []),
  }
}

const SECRETS = ['clientSecret', 'code', 'refreshToken', 'accessToken', 'verifier'] as const

/** The cookie and the form token of someone who is signed in. */
async function signIn(server: TestServer): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const browser = createBrowser(server)
  const page = formFields(await (await browser.fetch('/sign-in')).text())
  await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ ...page, ...USER }) })
  const { csrf = '' } = formFields(await (await browser.fetch('/account')).text())
  if (csrf === '') throw new Error('not signed in')
  return { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '), csrf }
}

/** Signing out would end the session for all cases to come, and a password takes its time to be checked. */
const NEVER_SIGNED_IN = /^\/sign-/

function toRequest(
  sent: Sent,
  known: Readonly<Record<Known, string>>,
  issuer: string,
  { cookie, csrf }: { readonly cookie: string; readonly csrf: string },
): Request | null {
  const signedIn = sent.signedIn && !NEVER_SIGNED_IN.test(sent.path)
  const query = String(toForm(sent.query, known))
  const body = sent.method === 'GET' || sent.method === 'HEAD' ? null : toBody(sent.body, known, signedIn ? csrf : null)
  try {
    const headers = new Headers(sent.headers.map(([name, value]): [string, string] => [name, value]))
    if (sent.contentType !== null) headers.set('content-type', sent.contentType)
    const { authorization } = sent
    if (authorization === 'basic')
      headers.set('authorization', `Basic ${btoa(`${known.confidentialClient}:${known.clientSecret}`)}`)
    else if (authorization === 'bearer') headers.set('authorization', `Bearer ${known.accessToken}`)
    else if (authorization !== null) headers.set('authorization', resolve(authorization, known))
    if (signedIn) headers.set('cookie', cookie)
    return new Request(`${issuer}${sent.path}${query === '' ? '' : `?${query}`}`, {
      method: sent.method,
      headers,
      body,
    })
  } catch {
    return null
  }
}

const toForm = (params: Params, known: Readonly<Record<Known, string>>): URLSearchParams =>
  new URLSearchParams(params.map(([name, value]): [string, string] => [name, resolve(value, known)]))

function toBody(
  body: Body,
  known: Readonly<Record<Known, string>>,
  csrf: string | null,
): string | Uint8Array<ArrayBuffer> | null {
  switch (body.kind) {
    case 'none':
      return null
    case 'raw':
      return new Uint8Array(body.bytes)
    case 'long':
      return 'a'.repeat(body.size)
    case 'form': {
      const form = toForm(body.params, known)
      if (csrf !== null) form.append('csrf', csrf)
      return String(form)
    }
    case 'json': {
      if (body.extra !== undefined && (typeof body.extra !== 'object' || body.extra === null))
        return JSON.stringify(body.extra)
      return JSON.stringify({ ...toObject(body.params, known), ...body.extra })
    }
  }
}

/** Members that are lists in registrations. */
const LISTS = /^(?:redirect_uris|grant_types|response_types|contacts)$/

function toObject(params: Params, known: Readonly<Record<Known, string>>): Record<string, unknown> {
  const members = Object.groupBy(params, ([name]) => name)
  return Object.fromEntries(
    Object.entries(members).map(([name, values = []]) => {
      const texts = values.map(([, value]) => resolve(value, known))
      return [name, texts.length > 1 || LISTS.test(name) ? texts : texts[0]]
    }),
  )
}
