/**
 * An authorization server in this process: real store (SQLite in memory), real keys, real pages; the clock is the test's.
 *
 * @module
 */
import * as v from 'valibot'
import { Config, type ConfigInput, type Settings } from '../../server/config.ts'
import type { AuditEvent } from '../../server/core/audit.ts'
import type { Limited } from '../../server/core/rate-limits/rate-limiter.ts'
import { createServer, type Server, type ServerOptions } from '../../server/create-server.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { random } from '../../server/store/random.ts'
import { readForm } from '../../shared/form.ts'
import { s256 } from '../../shared/pkce.ts'

export const ISSUER = 'https://auth.example'
export const RESOURCE = 'https://mcp.example/mcp'
export const REDIRECT_URI = 'http://127.0.0.1:7777/callback'
export const USER = { username: 'ada', password: 'correct horse battery' }
export const VERIFIER = 'verifier-verifier-verifier-verifier-verifier'

export interface TestServer extends Server {
  readonly settings: Settings
  readonly store: OpenStore
  readonly issuer: string
  readonly clock: { now: number }
  readonly events: AuditEvent[]
  readonly failures: unknown[]
  /** Who reached a limit. */
  readonly limited: Limited[]
  /** In which requests they were. */
  readonly failedRequests: (string | null | undefined)[]
  readonly userId: string
  /** Writes down what waits to be. */
  flush(): Promise<void>
  /** Any request to the server; a path is taken below the issuer. 404 when it is not the issuer's. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
}

export type TestServerOptions = Partial<Pick<ServerOptions, 'audit' | 'door' | 'onWarning' | 'outbound' | 'random'>> & {
  readonly connections?: number
}

/** Settings as a config file would say them, over the defaults of these tests. `connections`: to PostgreSQL. */
export async function createTestServer(
  config: ConfigInput = {},
  { connections = 10, audit, ...ports }: TestServerOptions = {},
): Promise<TestServer> {
  const settings = {
    ...v.parse(Config, {
      resources: [
        {
          identifier: RESOURCE,
          name: 'Notes',
          scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Write notes', 'notes:admin': 'Delete all notes' },
          aliases: [`${RESOURCE}/`],
        },
      ],
      database: 'sqlite::memory:',
      ...config,
    }),
    issuer: config.issuer ?? ISSUER,
    secret: 'a secret of this test only, 32 bytes and more',
  }
  const clock = { now: 1_800_000_000 }
  const events: AuditEvent[] = []
  const failures: unknown[] = []
  const limited: Limited[] = []
  const failedRequests: (string | null | undefined)[] = []
  const store = await openStore({ database: settings.database, connections })
  const now = () => clock.now
  // Another server on the same database has created the user already.
  const { username } = USER
  const user = {
    id: `usr_${random(16)}`,
    username,
    displayName: null,
    passwordHash: await passwordHash,
    disabledAt: null,
    createdAt: now(),
  }
  await store.users.create(user)
  const userId = (await store.users.findByUsername(username))?.id ?? user.id
  const server = await createServer({
    ...ports,
    settings,
    store,
    now,
    audit: (event, circumstances) => {
      events.push(event)
      audit?.(event, circumstances)
    },
    onLimited: (who) => limited.push(who),
    onFailure: (error, requestId) => {
      failures.push(error)
      failedRequests.push(requestId)
    },
  })
  const base = settings.issuer.replace(/\/$/, '')
  return {
    ...server,
    settings,
    store,
    issuer: settings.issuer,
    clock,
    events,
    failures,
    limited,
    failedRequests,
    userId,
    async fetch(input, init) {
      const request = new Request(typeof input === 'string' && input.startsWith('/') ? base + input : input, init)
      return (await server.handle(request)) ?? new Response(null, { status: 404 })
    },
    flush: server.close,
    async close() {
      await server.close()
      await store.close()
    },
  }
}

/** Takes its time, on purpose: once is enough. */
const passwordHash = hashPassword(USER.password)

/** A POST of a form; `undefined` members are left out, arrays repeated. */
export function postForm(
  server: Pick<TestServer, 'fetch'>,
  path: string,
  form: Readonly<Record<string, string | readonly string[] | undefined>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) {
    for (const one of value === undefined ? [] : [value].flat()) body.append(name, String(one))
  }
  return server.fetch(path, { method: 'POST', body, headers })
}

/** Registers a client over the wire and gives its client information. */
export async function registerClient(
  server: Pick<TestServer, 'fetch'>,
  metadata: Record<string, unknown> = {},
): Promise<{ client_id: string; client_secret?: string } & Record<string, unknown>> {
  const response = await server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Test Client',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      ...metadata,
    }),
  })
  if (response.status !== 201) throw new Error(`registration answered ${response.status} ${await response.text()}`)
  return response.json()
}

/** The query of a good authorization request; `undefined` leaves a parameter out. */
export async function authorizationQuery(
  clientId: string,
  changes: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): Promise<URLSearchParams> {
  const query = new URLSearchParams()
  const params = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    scope: 'notes:read notes:write',
    state: 'state-1',
    code_challenge: await s256(VERIFIER),
    code_challenge_method: 'S256',
    resource: RESOURCE,
    ...changes,
  }
  for (const [name, value] of Object.entries(params)) {
    for (const one of value === undefined ? [] : [value].flat()) query.append(name, String(one))
  }
  return query
}

/** A browser without a window: keeps cookies, follows nothing. */
export function createBrowser(server: Pick<TestServer, 'fetch'>) {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async fetch(path: string, init: RequestInit = {}): Promise<Response> {
      const headers = new Headers(init.headers)
      if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
      const response = await server.fetch(path, { ...init, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
        else cookies.set(name, value)
      }
      return response
    },
  }
}

/** The hidden and other named inputs of the first form that has a field of this name. */
export function formFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, attributes = ''] of page.matchAll(/<input\b([^>]*)>/g)) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1]
    if (name !== undefined) fields[name] = unescapeHtml(/\bvalue="([^"]*)"/.exec(attributes)?.[1] ?? '')
  }
  return fields
}

const unescapeHtml = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** Approves a request as the test's user, without the pages (which have tests of their own): where the browser is sent. */
export async function approve(server: TestServer, query: URLSearchParams): Promise<URL> {
  const outcome = await server.as.authorize(readForm(query), { signedIn: true })
  if (outcome.kind === 'local_error') throw new Error(`refused: ${outcome.rejection.reason}`)
  if (outcome.kind === 'sign_in_first') throw new Error('somebody is signed in')
  return new URL(outcome.kind === 'valid' ? await server.as.approve(outcome.request, server.userId) : outcome.location)
}

/** A code from a good request, approved. */
export async function obtainCode(
  server: TestServer,
  clientId: string,
  changes: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): Promise<string> {
  const location = await approve(server, await authorizationQuery(clientId, changes))
  const code = location.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${location.searchParams.get('error')}`)
  return code
}

/** The form that redeems a code. */
export const codeForm = (clientId: string, code: string) => ({
  grant_type: 'authorization_code',
  code,
  code_verifier: VERIFIER,
  redirect_uri: REDIRECT_URI,
  client_id: clientId,
  resource: RESOURCE,
})

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly scope: string
  readonly expires_in: number
}

/** Tokens from a good request, approved and redeemed. */
export async function obtainTokens(server: TestServer, clientId: string): Promise<Tokens> {
  const response = await postForm(server, '/oauth/token', codeForm(clientId, await obtainCode(server, clientId)))
  if (response.status !== 200) throw new Error(`the token endpoint answered ${response.status}`)
  return response.json()
}
