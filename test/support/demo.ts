/**
 * The demo (authorization server and notes server) for tests: real store, keys and pages, the test's clock, and a record of every
 * request. In this process, or behind a real socket.
 *
 * @module
 */
import * as v from 'valibot'
import { createDemo, type Demo } from '../../examples/demo-server/demo.ts'
import { Config, type ConfigInput } from '../../server/config.ts'
import type { AuditEvent } from '../../server/core/audit.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { type FormRecord, readForm } from '../../shared/form.ts'

export const USER = { username: 'ada', password: 'correct horse battery' }

/** A request that the demo got, with the status of its answer. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Empty unless the body was a form. */
  readonly form: FormRecord
  readonly headers: Headers
  readonly status: number
}

export interface TestDemo extends Demo {
  readonly issuer: string
  readonly clock: { now: number }
  readonly store: OpenStore
  readonly events: readonly AuditEvent[]
  readonly failures: readonly unknown[]
  /** In the order of the answers. */
  readonly seen: readonly Seen[]
  readonly userId: string
  /** Like the global `fetch`, also for paths, which are taken below the issuer. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  /** Requests to a path, by method. */
  sent(method: string, path: string): readonly Seen[]
  /** Resolves once such a request was answered, maybe long ago. */
  answered(method: string, path: string): Promise<void>
}

/** Cheap to compute: the real cost has tests of its own. */
const PASSWORD_HASH = await hashPassword(USER.password, { ln: 1, r: 8, p: 1 })

/** A demo in this process. Requests to other origins get 404. */
export function createTestDemo(config: ConfigInput = {}): Promise<TestDemo> {
  return start(config.issuer ?? 'https://demo.example', config, async () => {})
}

/** A demo behind a socket of this machine, at a free port, its issuer with `path`. `fetch` is the global one. */
export async function listenTestDemo(config: Omit<ConfigInput, 'issuer'> = {}, path = ''): Promise<TestDemo> {
  let handle = async (_: Request): Promise<Response> => new Response(null, { status: 503 })
  const listener = Bun.serve({ port: 0, hostname: 'localhost', fetch: (request) => handle(request) })
  const issuer = `http://localhost:${listener.port}${path}`
  const demo = await start(issuer, config, () => listener.stop(true))
  handle = demo.fetch
  return { ...demo, fetch: (input, init) => fetch(input instanceof Request ? input : below(issuer, input), init) }
}

async function start(issuer: string, config: ConfigInput, stop: () => Promise<void>): Promise<TestDemo> {
  const settings = {
    ...v.parse(Config, { database: 'sqlite::memory:', ...config }),
    issuer,
    secret: 'a secret of this test only, 32 bytes and more',
  }
  const clock = { now: 1_800_000_000 }
  const now = (): number => clock.now
  const events: AuditEvent[] = []
  const failures: unknown[] = []
  const seen: Seen[] = []
  const answers = new EventTarget()
  const store = await openStore({ database: settings.database })
  const user = {
    id: 'user-1',
    username: USER.username,
    displayName: null,
    passwordHash: PASSWORD_HASH,
    disabledAt: null,
  }
  await store.users.create({ ...user, createdAt: clock.now })
  const demo = await createDemo({
    settings,
    store,
    now,
    notesDatabase: ':memory:',
    audit: (event) => events.push(event),
    onFailure: (error) => failures.push(error),
  })
  const answer = async (request: Request): Promise<Response> => {
    const { method, headers } = request
    const { pathname: path, searchParams: query } = new URL(request.url)
    const form = await readFormOf(request)
    const response = (await demo.handle(request)) ?? new Response(null, { status: 404 })
    seen.push({ method, path, query, form, headers, status: response.status })
    answers.dispatchEvent(new Event(`${method} ${path}`))
    return response
  }
  const sent = (method: string, path: string) => seen.filter((one) => one.method === method && one.path === path)
  return {
    ...demo,
    issuer,
    clock,
    store,
    events,
    failures,
    seen,
    userId: user.id,
    fetch: (input, init) => {
      const request = new Request(input instanceof Request ? input : below(issuer, input), init)
      const foreign = new URL(request.url).origin !== new URL(issuer).origin
      return foreign ? Promise.resolve(new Response(null, { status: 404 })) : answer(request)
    },
    sent,
    answered: (method, path) =>
      new Promise((resolve) => {
        if (sent(method, path).length > 0) resolve()
        else answers.addEventListener(`${method} ${path}`, () => resolve(), { once: true })
      }),
    async close() {
      await stop()
      await demo.close()
      await store.close()
    },
  }
}

const below = (issuer: string, input: string | URL): string =>
  typeof input === 'string' && input.startsWith('/') ? issuer.replace(/\/$/, '') + input : String(input)

async function readFormOf(request: Request): Promise<FormRecord> {
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true
  return isForm ? readForm(new URLSearchParams(await request.clone().text())) : {}
}
