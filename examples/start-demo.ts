/**
 * What the examples connect to: the demo's authorization server and notes server, in this process and on a free port. Whoever asks is signed
 * in as `demo` and approved without a page, so that nobody has to click in CI.
 *
 * @module
 */
import assert from 'node:assert/strict'
import * as v from 'valibot'
import { type NewClient, addClient as register } from '../server/admin/clients.ts'
import { Config } from '../server/config.ts'
import { createUser } from '../server/login/create-user.ts'
import { serve } from '../server/serve.ts'
import { hash } from '../server/store/hash.ts'
import { openStore } from '../server/store/open-store.ts'
import { random } from '../server/store/random.ts'
import { createDemo } from './demo-server/demo.ts'

export interface RunningDemo {
  /** The protected MCP server. Its tools: `whoami`, `notes_list`, `notes_add`, and `notes_clear`, which needs more scope. */
  readonly url: string
  readonly issuer: string
  /** As `sallyport clients add` does it. Resolves with the client id. */
  readonly addClient: (wanted: Partial<NewClient>) => Promise<string>
  /** The time of everybody here, in seconds since the epoch. It goes forward by hand, too: so tokens expire within an example. */
  readonly now: () => number
  readonly wait: (seconds: number) => void
  readonly close: () => Promise<void>
}

/** @param approvedRedirects redirect URIs, beside loopback, that clients may register */
export async function startDemo(approvedRedirects: readonly string[] = []): Promise<RunningDemo> {
  let handle: (request: Request) => Promise<Response | null> = async () => null
  const fetch = async (request: Request) => (await handle(request)) ?? new Response(null, { status: 404 })
  const listening = await serve({ host: 'localhost', port: 0, fetch })
  assert(listening.ok)
  const issuer = `http://localhost:${listening.value.port}`
  let waited = 0
  const now = () => Math.floor(Date.now() / 1000) + waited
  const store = await openStore({ database: 'sqlite::memory:' })
  await createUser({ users: store.users, now, random }, { username: 'demo', password: 'demo-password' })
  const settings = v.parse(Config, {
    dev: true,
    dev_login: 'demo',
    client_credentials: { enabled: true },
    registration: { approved_redirects: [...approvedRedirects] },
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
    url: demo.mcpUrl,
    issuer,
    async addClient(wanted) {
      const client = { ...NOBODY, ...wanted }
      const added = await register({ store, random, hash, now }, client)
      assert(added.ok)
      return /client_id=(\S+)/.exec(added.value)?.[1] ?? ''
    },
    now,
    wait: (seconds) => {
      waited += seconds
    },
    async close() {
      await listening.value.close(0)
      await demo.close()
      await store.close()
    },
  }
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
