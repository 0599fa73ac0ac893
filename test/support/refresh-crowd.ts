/**
 * Hosts in processes of their own, on three runtimes, that share a file store with one credential in it, which has expired; and our
 * authorization server and resource on a real socket, in front of which trouble can be made.
 *
 * @module
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore, type LeaseTimes } from '../../client/node/index.ts'
import { credentialKey } from '../../client/stores/keys.ts'
import { createDpopFlow } from './dpop-flow.ts'
import { freePort, RUNTIMES, type Started, start } from './spawn.ts'

/** Who asks for a token, by its name; it may be stopped, killed, or answered otherwise. `reset`: the connection breaks. */
export type Trouble = (name: string, go: () => Promise<Response>) => Promise<Response | 'reset'>

export interface Outcome {
  readonly name: string
  readonly status?: number
  readonly code?: string
  readonly reason?: string
}

export interface Host extends Started {
  readonly name: string
  readonly runtime: keyof typeof RUNTIMES
  /** Settles when it has ended. `undefined`: without a word. */
  readonly outcome: Promise<Outcome | undefined>
}

export interface Manners {
  /** How often each comes back when it is told to. */
  readonly patience?: number
  readonly lease?: Partial<LeaseTimes>
}

const KINDS = ['bun', 'deno', 'node'] as const

export type Crowd = Awaited<ReturnType<typeof createCrowd>>

export async function createCrowd({ replayWindow = 0 }: { readonly replayWindow?: number } = {}) {
  const port = freePort()
  const issuer = `http://localhost:${port}`
  const flow = await createDpopFlow({
    issuer,
    resource: `${issuer}/mcp`,
    server: { refresh: { replay_window: replayWindow } },
  })
  const tellTime = (): void => {
    flow.clock.now = Math.floor(Date.now() / 1000)
  }
  let gate = gateFor(0)
  const state: { trouble: Trouble | undefined } = { trouble: undefined }

  const answer = async (request: Request, name: string): Promise<Response | 'reset'> => {
    tellTime()
    if (new URL(request.url).pathname === '/gate') {
      await gate.pass()
      return new Response('go')
    }
    const isRefresh = request.url === flow.tokenEndpoint && (await request.clone().text()).includes('=refresh_token')
    const go = (): Promise<Response> => flow.fetch(request)
    return isRefresh && state.trouble !== undefined ? state.trouble(name, go) : go()
  }
  const server = createServer(async (incoming, outgoing) => {
    const answered = await answer(await toRequest(incoming, issuer), incoming.headers['user-agent'] ?? '')
    if (answered === 'reset') return void incoming.socket.destroy()
    outgoing.writeHead(answered.status, [...answered.headers].flat())
    outgoing.end(Buffer.from(await answered.arrayBuffer()))
  })
  server.listen(port, 'localhost')
  await once(server, 'listening')

  const directories: string[] = []

  return {
    flow,
    state,
    /** Refresh requests that were answered with tokens. */
    redemptions: () =>
      flow
        .at(flow.tokenEndpoint)
        .filter(({ form, status }) => form.get('grant_type') === 'refresh_token' && status === 200),
    /** A folder with a credential whose access token has expired, and what the store has of it later. */
    async signIn() {
      const directory = await mkdtemp(join(tmpdir(), 'sallyport-crowd-'))
      directories.push(directory)
      const store = fileStore({ directory })
      tellTime()
      const session = flow.session({ store, dpop: 'required' })
      const { resource, clientId } = await session.authorize()
      const key = credentialKey({ resource, issuer, clientId, profile: 'default' })
      const stored = async () => store.get(key)
      const expire = async (): Promise<void> => {
        const record = await stored()
        await store.set(key, { ...record, generation: crypto.randomUUID(), expiresAt: flow.clock.now - 1 })
      }
      await expire()
      return { directory, store, session, key, stored, expire }
    },
    /** So many hosts, which all call at the same moment. */
    summon(directory: string, many: number, { patience = 0, lease = {} }: Manners = {}): readonly Host[] {
      gate = gateFor(many)
      return Array.from({ length: many }, (_, index) => {
        const runtime = KINDS[index % KINDS.length] ?? 'bun'
        const name = `${runtime}-${index}`
        const options = [directory, flow.resource, name, String(patience), JSON.stringify(lease)]
        const started = start([...RUNTIMES[runtime], 'test/support/refresh-process.ts', ...options])
        return { ...started, name, runtime, outcome: outcomeOf(started) }
      })
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await flow.close()
      await Promise.all(directories.map((directory) => rm(directory, { recursive: true })))
    },
  }
}

/** Lets everybody through when the last one has come. */
function gateFor(many: number) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let missing = many
  return {
    pass(): Promise<void> {
      missing -= 1
      if (missing <= 0) resolve()
      return promise
    },
  }
}

async function outcomeOf(host: Started): Promise<Outcome | undefined> {
  await host.exited
  const [out, error] = await Promise.all([host.out.end(), host.error.end()])
  if (error !== '') throw new Error(error)
  return out === '' ? undefined : JSON.parse(out)
}

async function toRequest(incoming: IncomingMessage, origin: string): Promise<Request> {
  const chunks: Uint8Array[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const { method = 'GET', url = '/', headers } = incoming
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  const body = method === 'GET' || method === 'HEAD' ? null : Buffer.concat(chunks)
  return new Request(origin + url, { method, headers: given, body })
}
