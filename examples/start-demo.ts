/**
 * What the examples connect to: the demo's authorization server and notes server, in this process and on a free port. Whoever asks is signed
 * in as `demo` and approved without a page, so that nobody has to click in CI.
 *
 * @module
 */
import assert from 'node:assert/strict'
import * as v from 'valibot'
import { type NewClient, addClient as register } from '../server/admin/clients.ts'
import { Config, type ConfigInput } from '../server/config.ts'
import { createUser } from '../server/login/create-user.ts'
import { serve } from '../server/serve.ts'
import { hash } from '../server/store/hash.ts'
import { openStore } from '../server/store/open-store.ts'
import { random } from '../server/store/random.ts'
import { createDemo, type Demo, mcpUrlOf } from './demo-server/demo.ts'

export interface RunningDemo {
  /** The protected MCP server. Its tools: `whoami`, `notes_list`, `notes_add`, and `notes_clear`, which needs more scope. */
  readonly url: string
  readonly issuer: string
  /** As `sallyport clients add` does it. Resolves with the client id. */
  readonly addClient: (wanted: Partial<NewClient>) => Promise<string>
  /** The time of everybody here, in seconds since the epoch. It goes forward by hand, too: so tokens expire within an example. */
  readonly now: () => number
  readonly wait: (seconds: number) => void
  /** Whether an access token still counts: for a resource server in this process. */
  readonly isLive: Demo['as']['isLive']
  /** As `sallyport users disable` does it. */
  readonly disable: (username: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** One whose address is known, and whose settings are not: where two servers have to know each other. */
export interface PreparedDemo extends Pick<RunningDemo, 'url' | 'issuer' | 'addClient'> {
  /** @param settings beside those that every example has */
  readonly start: (settings: ConfigInput) => Promise<RunningDemo>
}

/** @param approvedRedirects redirect URIs, beside loopback, that clients may register */
export async function startDemo(approvedRedirects: readonly string[] = []): Promise<RunningDemo> {
  const { start } = await prepareDemo()
  return start({ registration: { approved_redirects: [...approvedRedirects] } })
}

export async function prepareDemo(): Promise<PreparedDemo> {
  let handle: (request: Request) => Promise<Response | null> = async () => null
  const fetch = async (request: Request) => (await handle(request)) ?? new Response(null, { status: 404 })
  const listening = await serve({ host: 'localhost', port: 0, fetch })
  assert(listening.ok)
  const listener = listening.value
  const issuer = `http://localhost:${listener.port}`
  let waited = 0
  const now = () => Math.floor(Date.now() / 1000) + waited
  const store = await openStore({ database: 'sqlite::memory:' })
  await createUser({ users: store.users, now, random }, { username: 'demo', password: 'demo-password' })
  const prepared = {
    url: mcpUrlOf(issuer),
    issuer,
    async addClient(wanted: Partial<NewClient>) {
      const client = { ...NOBODY, ...wanted }
      const added = await register({ store, random, hash, now }, client)
      assert(added.ok)
      return /client_id=(\S+)/.exec(added.value)?.[1] ?? ''
    },
  }

  async function start(changes: ConfigInput): Promise<RunningDemo> {
    const settings = v.parse(Config, {
      dev: true,
      dev_login: 'demo',
      client_credentials: { enabled: true },
      ...changes,
    })
    const demo = await createDemo({
      settings: { ...settings, issuer, secret: random() },
      store,
      notesDatabase: ':memory:',
      now,
      audit: () => {},
      onFailure: console.error,
    })
    handle = demo.handle
    return {
      ...prepared,
      now,
      isLive: demo.as.isLive,
      disable: async (username) => {
        const user = await store.users.findByUsername(username)
        assert(user !== null && (await store.users.disable(user.id, now())))
      },
      wait: (seconds) => {
        waited += seconds
      },
      async close() {
        await listener.close(0)
        await demo.close()
        await store.close()
      },
    }
  }
  return { ...prepared, start }
}

/** Somebody at a browser: follows the redirects to the end, without a page in between. */
export async function visit(url: string): Promise<void> {
  await (await fetch(url)).body?.cancel()
}

const NOBODY: NewClient = {
  name: 'Example',
  redirectUris: [],
  proof: { type: 'none' },
  clientCredentials: false,
  resource: null,
  scopeCeiling: null,
  dpop: 'optional',
  agent: false,
}
