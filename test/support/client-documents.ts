/**
 * Sites that publish what clients are: one listener with TLS that answers for all of them, and what it was asked.
 *
 * @module
 */
import { connect as dial } from 'node:net'
import type { Outbound } from '../../server/core/outbound.ts'
import { createOutbound, type OutboundOptions } from '../../server/outbound/create-outbound.ts'
import { writeSessionCookie } from '../../server/pages/session-cookie.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  createBrowser,
  createTestServer,
  formFields,
  RESOURCE,
  type TestServer,
  type TestServerOptions,
  VERIFIER,
} from './authorization-server.ts'
import { AUTHORITY, listen } from './outbound.ts'

export const CLIENT_ID = 'https://app.example/client.json'
export const CALLBACK = 'https://app.example/callback'

/** What stands at a URL. */
export interface Page {
  readonly status?: string
  readonly type?: string
  readonly body?: string | Uint8Array
  readonly fields?: readonly string[]
}

export interface Sites {
  readonly outbound: Outbound
  /** The URLs that were asked for, in order. */
  readonly asked: string[]
  /** Of each request, its header. */
  readonly heads: readonly string[]
  /** Puts something at a URL; null takes it away. */
  put(url: string, page: Page | null): void
  /** Publishes a document, by default a good one of a public client. */
  publish(clientId?: string, changes?: Readonly<Record<string, unknown>>, page?: Page): void
  /** Once that URL has been asked for. */
  until(url: string): Promise<void>
  /** From now on nobody answers. */
  goDown(): void
  goUp(): void
  /** From now on nobody whom we trust has signed their certificate. */
  distrust(): void
  close(): void
}

/** The least that a document needs. */
export const documentOf = (clientId: string): Record<string, unknown> => ({
  client_id: clientId,
  client_name: 'App',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token'],
})

/** `names`: to which addresses they lead; the others lead to one of the internet. */
export async function createSites(
  names: Readonly<Record<string, readonly string[]>> = {},
  options: OutboundOptions = {},
): Promise<Sites> {
  const pages = new Map<string, Page>()
  const asked: string[] = []
  const waiting = new Set<() => void>()
  let isDown = false
  const listener = await listen((socket, head) => {
    const [, path = ''] = /^GET (\S+)/.exec(head) ?? []
    const [, host = ''] = /^host: (\S+)/im.exec(head) ?? []
    const url = `https://${host}${path}`
    asked.push(url)
    for (const notice of waiting) notice()
    socket.end(answer(pages.get(url)))
  }, 'world')
  const world: OutboundOptions = {
    resolve: async (name) => names[name] ?? ['93.184.216.34'],
    connect: () => dial({ host: '127.0.0.1', port: isDown ? 1 : listener.port }),
    ...options,
  }
  const [trusting, distrusting] = [createOutbound({ ca: AUTHORITY, ...world }), createOutbound(world)]
  let isTrusted = true
  const put = (url: string, page: Page | null): void => void (page === null ? pages.delete(url) : pages.set(url, page))
  return {
    outbound: { get: (url, request) => (isTrusted ? trusting : distrusting).get(url, request) },
    asked,
    heads: listener.heads,
    put,
    publish: (clientId = CLIENT_ID, changes = {}, page = {}) =>
      put(clientId, { body: JSON.stringify({ ...documentOf(clientId), ...changes }), ...page }),
    until: (url) =>
      new Promise((resolve) => {
        const notice = (): void => {
          if (asked.includes(url)) resolve()
        }
        waiting.add(notice)
        notice()
      }),
    goDown() {
      isDown = true
    },
    goUp() {
      isDown = false
    },
    distrust() {
      isTrusted = false
    },
    close: listener.close,
  }
}

function answer(page: Page | undefined): Uint8Array {
  const { status = '200 OK', type = 'application/json', body = '', fields = [] } = page ?? { status: '404 Not Found' }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const length = status.startsWith('304') ? [] : [`content-length: ${bytes.length}`]
  const head = [`HTTP/1.1 ${status}`, ...length, `content-type: ${type}`, ...fields, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head), bytes])
}

/** A server to which these sites are the world. */
export interface Scene {
  readonly sites: Sites
  readonly server: TestServer
  close(): Promise<void>
}

export async function createScene(
  config: Parameters<typeof createTestServer>[0] = {},
  { names, ...options }: TestServerOptions & { readonly names?: Readonly<Record<string, readonly string[]>> } = {},
): Promise<Scene> {
  const sites = await createSites(names)
  const server = await createTestServer(config, { outbound: sites.outbound, ...options })
  return {
    sites,
    server,
    async close() {
      await server.close()
      sites.close()
    },
  }
}

/** The URL that an application opens in the browser. */
export async function authorizationUrl(
  { issuer }: Pick<TestServer, 'issuer'>,
  changes: Readonly<Record<string, string>> = {},
): Promise<string> {
  return `${issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: CALLBACK,
    scope: 'notes:read',
    state: 'state-1',
    resource: RESOURCE,
    code_challenge: await s256(VERIFIER),
    code_challenge_method: 'S256',
    ...changes,
  })}`
}

/** A browser in which the test's person is signed in already. */
export async function signedInBrowser({ server }: Pick<Scene, 'server'>) {
  const { store, clock, userId, issuer } = server
  const browser = createBrowser(server)
  const [, name = '', value = ''] =
    /^([^=]+)=([^;]*)/.exec(writeSessionCookie(random(), issuer.startsWith('https:'), null)) ?? []
  browser.cookies.set(name, value)
  const times = { createdAt: clock.now, expiresAt: clock.now + 86_400 }
  await store.sessions.create({ hash: await hash(value), userId, ...times })
  return browser
}

/** What somebody who is signed in gets to see of an authorization request. */
export async function visit(scene: Pick<Scene, 'server'>, changes: Readonly<Record<string, string>> = {}) {
  const browser = await signedInBrowser(scene)
  const response = await browser.fetch(await authorizationUrl(scene.server, changes))
  const page = await response.text()
  return {
    browser,
    status: response.status,
    page,
    title: /<title>(.*?) ·/.exec(page)?.[1],
    location: response.headers.get('location'),
  }
}

/** Presses a button of a consent page. */
export const decide = (
  { browser, page }: Pick<Awaited<ReturnType<typeof visit>>, 'browser' | 'page'>,
  decision: 'allow' | 'deny' = 'allow',
): Promise<Response> =>
  browser.fetch('/oauth/authorize/consent', {
    method: 'POST',
    body: new URLSearchParams({ ...formFields(page), decision }),
  })
