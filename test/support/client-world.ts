/**
 * What a command of the client side meets: an authorization server with a person who signs in, a protected MCP server that can be
 * restarted, a browser of the test's own, and a home of its own. All in the present: commands are processes, and read the real clock.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../../server/config.ts'
import { protectResource } from '../../server/resource/index.ts'
import { listenTestDemo, type TestDemo } from './demo.ts'
import { createPerson } from './person.ts'
import { ROOT } from './source-tree.ts'
import { type Ended, freePort, RUNTIMES } from './spawn.ts'
import { type StandInBrowser, standInBrowser } from './stand-in-browser.ts'

export interface ClientWorld {
  /** The authorization server, and the notes server beside it. */
  readonly demo: TestDemo
  /** The protected MCP server that `handle` answers for. */
  readonly resource: string
  readonly browser: StandInBrowser
  /** For programs: the browser, the folder for tokens, and nothing else. */
  readonly env: Readonly<Record<string, string>>
  readonly home: string
  /** Nobody listens any more. */
  stop(): Promise<void>
  /** Somebody listens again, at the latest when it resolves: a port is free a moment after it was given up. */
  listen(): Promise<void>
  refreshes(): number
  /** How often the protected server has asked for a token. */
  challenges(): number
  close(): Promise<void>
}

export interface ClientWorldOptions {
  readonly handle?: (request: Request) => Promise<Response>
  readonly config?: Omit<ConfigInput, 'issuer' | 'resources'>
  /** Where the protected server listens, for settings that name it. Default: one that is free. */
  readonly port?: number
  /** What the person does; default: signs in and agrees. */
  readonly visit?: (world: Pick<ClientWorld, 'demo'>, url: string) => Promise<unknown>
}

const SCOPES = { things: 'Use things', 'things:admin': 'Manage things' }

/** Signs in and agrees (or not), and goes where that leads. */
export async function signIn(demo: TestDemo, url: string, decision: 'allow' | 'deny' = 'allow'): Promise<void> {
  await fetch(await createPerson(demo, { decision }).visit(url))
}

export async function createClientWorld(options: ClientWorldOptions = {}): Promise<ClientWorld> {
  const { handle = async () => new Response(null, { status: 404 }), visit = (world, url) => signIn(world.demo, url) } =
    options
  const { port = freePort() } = options
  const resource = `http://localhost:${port}/mcp`
  const resources = [{ identifier: resource, name: 'Everything', scopes: SCOPES }]
  const demo = await listenTestDemo({ ...options.config, resources })
  Object.defineProperty(demo.clock, 'now', { get: () => Math.floor(Date.now() / 1000) })
  const things = protectResource({
    resource,
    authorizationServers: [demo.issuer],
    scopes: ['things'],
    toolScopes: { manage: ['things:admin'] },
    isRevoked: async (claims) => !(await demo.as.isLive(claims)),
  })
  const protectedFetch = things.serve(handle)
  // Streams may say nothing for a while.
  let challenges = 0
  const counted = async (request: Request): Promise<Response> => {
    const response = await protectedFetch(request)
    if (response.status === 401) challenges += 1
    return response
  }
  const serve = () => Bun.serve({ port, hostname: 'localhost', idleTimeout: 0, fetch: counted })
  let listener = serve()
  const browser = await standInBrowser((url) => visit({ demo }, url))
  const home = await mkdtemp(join(tmpdir(), 'sallyport-home-'))
  const env = { PATH: Bun.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: home, BROWSER: browser.program, NO_COLOR: '1' }
  return {
    demo,
    resource,
    browser,
    env,
    home,
    stop: () => listener.stop(true),
    async listen() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          listener = serve()
          return
        } catch (error) {
          if (attempt === 1000 || !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'))
            throw error
          await new Promise((resolve) => setImmediate(resolve))
        }
      }
    },
    refreshes: () =>
      demo
        .sent('POST', '/oauth/token')
        .filter(({ form, status }) => form['grant_type'] === 'refresh_token' && status === 200).length,
    challenges: () => challenges,
    async close() {
      await listener.stop(true)
      await browser.close()
      await demo.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Runs `sallyport ...args` in that world to its end. */
export async function sallyport(
  { env, home }: Pick<ClientWorld, 'env' | 'home'>,
  args: readonly string[],
  { stdin = '', runtime = RUNTIMES.bun }: { readonly stdin?: string; readonly runtime?: readonly string[] } = {},
): Promise<Ended> {
  const child = Bun.spawn([...runtime, `${ROOT}server/bin.ts`, ...args], {
    cwd: home,
    env,
    stdin: new TextEncoder().encode(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { out, error, code }
}
