/**
 * A protected server behind bridges, and what is closed after each test that uses them.
 *
 * @module
 */
import { afterEach } from 'bun:test'
import { type ClientWorld, type ClientWorldOptions, createClientWorld } from './client-world.ts'
import type { Everything } from './everything.ts'
import { rawBridge } from './raw-bridge.ts'
import { connectHost, type Generation, type HostOptions, type StdioHost } from './stdio-host.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A protected server, and hosts that reach it through bridges of their own. */
export async function start<Server extends Everything>(
  server: Server,
  options: Omit<ClientWorldOptions, 'handle'> = {},
) {
  const world = await createClientWorld({ handle: server.handle, ...options })
  open.push(() => world.close())
  const connect = async (generation: Generation, given: HostOptions = {}): Promise<StdioHost> => {
    const host = await connectHost(world, generation, given)
    open.push(() => host.close())
    return host
  }
  return { ...world, server, connect }
}

/** A bridge whose lines the test writes and reads itself. */
export function opened(world: ClientWorld, ...args: readonly string[]) {
  const bridge = rawBridge(world, ...args)
  open.push(async () => bridge.kill('SIGKILL'))
  return bridge
}

/** The parameters of `tools/call`. */
export const call = (name: string, args: Readonly<Record<string, unknown>> = {}) => ({ name, arguments: args })
