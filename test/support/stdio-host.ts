/**
 * Hosts that speak MCP over standard input and output, with the official SDK of either generation, seen alike: requests, and what the
 * server sends by itself.
 *
 * @module
 */
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ResultSchema } from '@modelcontextprotocol/sdk/types.js'
import type { ClientWorld } from './client-world.ts'
import { ROOT } from './source-tree.ts'
import { RUNTIMES } from './spawn.ts'

export type Generation = 'sdk 1.x' | 'client 2.x'

type Json = Readonly<Record<string, unknown>>

interface RequestOptions {
  readonly signal?: AbortSignal
  readonly onprogress?: (progress: Json) => void
  readonly timeout?: number
}

export interface StdioHost {
  request(method: string, params?: Json, options?: RequestOptions): Promise<Json>
  /** What the server says by itself. */
  readonly notifications: readonly Json[]
  /** Resolves once such a notification has come, maybe long ago. */
  notified(method: string): Promise<Json>
  /** What the server asks, answered by `answers`. */
  readonly asked: readonly string[]
  readonly stderr: () => string
  readonly pid: number
  close(): Promise<void>
}

const CAPABILITIES = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } }

/** What the host answers to what servers ask. */
const ANSWERS: Readonly<Record<string, Json>> = {
  'sampling/createMessage': { model: 'test', role: 'assistant', content: { type: 'text', text: 'A loaf.' } },
  'elicitation/create': { action: 'accept', content: { which: 'this' } },
  'roots/list': { roots: [{ uri: 'file:///work', name: 'Work' }] },
}

export interface HostOptions {
  readonly args?: readonly string[]
  readonly runtime?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** For `initialize`, in milliseconds. */
  readonly timeout?: number
}

/** Starts a bridge and connects to it as a host does. */
export async function connectHost(
  { env, home, resource }: Pick<ClientWorld, 'env' | 'home' | 'resource'>,
  generation: Generation,
  options: HostOptions = {},
): Promise<StdioHost> {
  const { args = [], runtime = RUNTIMES.bun, timeout = 30_000 } = options
  const [command = '', ...before] = [...runtime, `${ROOT}server/bin.ts`, 'bridge', resource, ...args]
  const program = { command, args: before, env: { ...env, ...options.env }, cwd: home, stderr: 'pipe' as const }
  const notifications: Json[] = []
  const asked: string[] = []
  const news = new EventTarget()
  const heard = (notification: { method: string; params?: unknown }): void => {
    notifications.push({ ...notification })
    news.dispatchEvent(new Event(notification.method))
  }
  const answer = (method: string): Json => {
    asked.push(method)
    const known = ANSWERS[method]
    if (known === undefined) throw new Error(`a host has no answer to ${method}`)
    return known
  }
  const side = generation === 'sdk 1.x' ? await v1() : await v2()
  return {
    ...side,
    notifications,
    asked,
    notified: (method) =>
      new Promise((resolve) => {
        const find = () => notifications.find((one) => one['method'] === method)
        const known = find()
        if (known !== undefined) resolve(known)
        else news.addEventListener(method, () => resolve(find() ?? {}), { once: true })
      }),
  }

  async function v1() {
    const transport = new StdioV1(program)
    const stderr = collect(transport.stderr)
    const client = new ClientV1({ name: 'host', version: '1.0.0' }, { capabilities: CAPABILITIES })
    client.fallbackNotificationHandler = async (notification) => heard(notification)
    client.fallbackRequestHandler = async ({ method }) => ({ ...answer(method) })
    await client.connect(transport, { timeout }).catch((error) => closing(error, () => client.close(), stderr))
    return {
      request: (method: string, params: Json = {}, given: RequestOptions = {}) =>
        client.request({ method, params: { ...params } }, ResultSchema, given),
      stderr,
      pid: transport.pid ?? 0,
      close: () => client.close(),
    }
  }

  async function v2() {
    const transport = new StdioV2(program)
    const stderr = collect(transport.stderr)
    const client = new ClientV2(
      { name: 'host', version: '1.0.0' },
      { capabilities: CAPABILITIES, versionNegotiation: { mode: 'auto' } },
    )
    client.fallbackNotificationHandler = async (notification) => heard(notification)
    client.setRequestHandler('elicitation/create', ({ method }) => {
      answer(method)
      return { action: 'accept', content: { which: 'this' } }
    })
    client.fallbackRequestHandler = async ({ method }) => ({ ...answer(method) })
    await client.connect(transport, { timeout }).catch((error) => closing(error, () => client.close(), stderr))
    return {
      request: (method: string, params: Json = {}, given: RequestOptions = {}) => ask(client, method, params, given),
      stderr,
      pid: transport.pid ?? 0,
      close: () => client.close(),
    }
  }
}

/** Requests of the 2.x client by name: some have more to them than a message. */
async function ask(client: ClientV2, method: string, params: Json, options: RequestOptions): Promise<Json> {
  if (method !== 'tools/call') return client.request({ method, params: { ...params } }, AnyResult, options)
  const { name, arguments: args } = params
  return client.callTool({ name: String(name), arguments: { ...(typeof args === 'object' ? args : {}) } }, options)
}

/** A schema that takes any object. */
const AnyResult = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) => ({ value: typeof value === 'object' ? { ...value } : {} }),
    types: undefined as { input: unknown; output: Json } | undefined,
  },
}

async function closing(error: unknown, close: () => Promise<void>, stderr: () => string): Promise<never> {
  await close()
  if (error instanceof Error) Object.assign(error, { stderr: stderr() })
  throw error
}

function collect(stream: { on(event: 'data', listener: (chunk: unknown) => void): unknown } | null): () => string {
  let text = ''
  stream?.on('data', (chunk) => {
    text += String(chunk)
  })
  return () => text
}
