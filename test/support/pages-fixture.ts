/**
 * The whole application on an empty database, with one resource and one person, and browsers that keep cookies and fill in forms but
 * know nothing of scripts, styles or frames. A real browser is in `browser.ts`.
 *
 * @module
 */
import { createApp, createHandler, type Handler } from '../../server/app.ts'
import type { Audit, AuditEvent } from '../../server/core/audit.ts'
import type { AuthorizationServer } from '../../server/core/authorization-server.ts'
import { createAuthorizationServer } from '../../server/core/create-authorization-server.ts'
import type { Resource } from '../../server/core/records.ts'
import type { AttemptLimits } from '../../server/login/attempts.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import type { PagesOptions } from '../../server/pages/context.ts'
import { hash } from '../../server/store/hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { ordinal } from '../../server/store/ordinal.ts'
import { random } from '../../server/store/random.ts'
import { sealer } from '../../server/store/sealer.ts'
import { createSigner } from '../../server/store/signer.ts'
import type { ClientInformationResponse } from '../../shared/client-metadata.ts'
import { writeForm } from '../../shared/form.ts'

export const USERNAME = 'ada'
export const USER_ID = 'usr_ada'
export const PASSWORD = 'correct horse battery'
/** A hash that takes no time: the tests are not about that. */
const CHEAP = { ln: 4, r: 8, p: 1 }

export const RESOURCE: Resource = {
  identifier: 'https://notes.example/mcp',
  aliases: [],
  name: 'Notes',
  scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Add notes and change them' },
  scopeHierarchy: {},
  defaultScopes: null,
  accessTokenLifetime: null,
  dpop: 'optional',
}

export interface PagesFixture {
  readonly issuer: string
  readonly clock: { now: number }
  readonly store: OpenStore
  readonly as: AuthorizationServer
  readonly events: AuditEvent[]
  /** What became a 500 or 503 page. */
  readonly failures: unknown[]
  readonly handle: Handler
  /** Registers a client of its own making. Its id. */
  register(metadata: Record<string, unknown>): Promise<string>
  /** The URL that an application opens in the browser. */
  authorizationUrl(params: Readonly<Record<string, string>>): string
  /** A browser that has been nowhere yet. */
  browser(address?: string): TestBrowser
}

export async function createPagesFixture(
  options: Partial<Pick<PagesOptions, 'sessionTtl' | 'devLogin'>> & {
    readonly issuer?: string
    readonly attemptLimits?: AttemptLimits
  } = {},
): Promise<PagesFixture> {
  const { issuer = 'https://auth.example', attemptLimits, ...pagesOptions } = options
  const clock = { now: 1_800_000_000 }
  const now = (): number => clock.now
  const events: AuditEvent[] = []
  const failures: unknown[] = []
  const audit: Audit = ({ event }) => void events.push(event)
  const store = await openStore({ database: 'sqlite::memory:' })
  const signer = await createSigner({ keys: store.signingKeys, secret: 's'.repeat(32), now })
  const as = createAuthorizationServer({
    settings: {
      issuer,
      requireScope: true,
      localhostAnyPort: true,
      codeLifetime: 60,
      accessTokenLifetime: 900,
      replayWindow: 10,
      refreshIdleLifetime: 86_400,
      refreshAbsoluteLifetime: 864_000,
      clientCredentials: false,
      tokenEndpointAudience: false,
      registration: { mode: 'open', approvedRedirects: [], unusedLifetime: 86_400, idleLifetime: 864_000 },
    },
    store,
    signer,
    sealer,
    hash,
    random,
    ordinal,
    outbound: createOutbound(),
    now,
    audit,
  })
  await store.resources.put(RESOURCE)
  await store.users.create({
    id: USER_ID,
    username: USERNAME,
    displayName: 'Ada Lovelace',
    passwordHash: await hashPassword(PASSWORD, CHEAP),
    disabledAt: null,
    createdAt: clock.now,
  })
  const login = localLogin({
    users: store.users,
    signInAttempts: store.signInAttempts,
    now,
    ...(attemptLimits === undefined ? {} : { limits: attemptLimits }),
  })
  const onFailure = (error: unknown): void => void failures.push(error)
  const app = createApp({ as, store, login, now, random, hash, sealer, audit, onFailure, ...pagesOptions })
  const handle = createHandler(app, issuer)
  return {
    issuer,
    clock,
    store,
    as,
    events,
    failures,
    handle,
    async register(metadata) {
      const body = JSON.stringify({ token_endpoint_auth_method: 'none', ...metadata })
      const headers = { 'content-type': 'application/json' }
      const response = await handle(new Request(`${issuer}/oauth/register`, { method: 'POST', headers, body }))
      if (response?.status !== 201) throw new Error(`registration answered ${response?.status}`)
      const client: ClientInformationResponse = await response.json()
      return client.client_id
    },
    authorizationUrl: (params) =>
      `${issuer}/oauth/authorize?${writeForm({
        response_type: 'code',
        scope: 'notes:read notes:write',
        state: 'state-1',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
        resource: RESOURCE.identifier,
        ...params,
      })}`,
    browser: (address = '192.0.2.1') => createTestBrowser(issuer, handle, address),
  }
}

/** An answer, and the form fields that its page carries. */
export interface Visit {
  readonly status: number
  readonly headers: Headers
  readonly location: string | null
  readonly html: string
  /** Hidden fields of the page's first form. */
  readonly hidden: Readonly<Record<string, string>>
}

/** A browser of tests. */
export interface TestBrowser {
  /** By name. */
  readonly cookies: Map<string, string>
  /** `url`: absolute, or a path on the issuer's origin. Follows nothing by itself. */
  send(url: string, init: RequestInit): Promise<Visit>
  get(url: string, headers?: Record<string, string>): Promise<Visit>
  post(url: string, fields: Readonly<Record<string, string>>, headers?: Record<string, string>): Promise<Visit>
  /** Follows redirects for as long as they stay here. */
  follow(visit: Visit): Promise<Visit>
  /** Opens a URL, signing in on the way. Where that led: a page, or the redirect to the client. */
  signInAt(url: string, username?: string, password?: string): Promise<Visit>
}

function createTestBrowser(issuer: string, handle: Handler, address: string): TestBrowser {
  const cookies = new Map<string, string>()
  const base = new URL(issuer).pathname.replace(/\/$/, '')

  const send: TestBrowser['send'] = async (url, init) => {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    const response = await handle(new Request(new URL(url, issuer), { ...init, headers }), address)
    if (response === null) throw new Error(`${url} is not the issuer's`)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const html = await response.text()
    const { status, headers: answered } = response
    return { status, headers: answered, location: answered.get('location'), html, hidden: hiddenFields(html) }
  }
  const get: TestBrowser['get'] = (url, headers = {}) => send(url, { headers })
  const post: TestBrowser['post'] = (url, fields, headers = {}) =>
    send(url, { method: 'POST', body: new URLSearchParams(fields), headers })
  const follow: TestBrowser['follow'] = async (visit) =>
    visit.location?.startsWith('/') === true ? follow(await get(visit.location)) : visit

  return {
    cookies,
    send,
    get,
    post,
    follow,
    async signInAt(url, username = USERNAME, password = PASSWORD) {
      const page = await follow(await get(url))
      const answer = await post(`${base}/sign-in`, { ...page.hidden, username, password })
      if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}`)
      return follow(answer)
    },
  }
}

function hiddenFields(html: string): Record<string, string> {
  const form = /<form[\s\S]*?<\/form>/.exec(html)?.[0] ?? ''
  const fields = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)
  return Object.fromEntries([...fields].map(([, name, value]) => [name, decode(value ?? '')]))
}

/** Undoes the escaping of an attribute value. */
const decode = (text: string): string => text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
