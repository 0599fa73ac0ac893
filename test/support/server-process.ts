/**
 * An authorization server as a process of its own: `server/main.ts`, on a real port, with the resource and the user of these tests.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../../server/config.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { openStore } from '../../server/store/open-store.ts'
import { RESOURCE, USER } from './authorization-server.ts'
import { ROOT } from './source-tree.ts'
import { freePort, RUNTIMES, type Started, start } from './spawn.ts'

/** A database, and a folder with the settings that all processes on it share. */
export interface Installation {
  readonly database: string
  readonly directory: string
  readonly issuer: string
  remove(): Promise<void>
}

export interface ServerProcess extends Started {
  readonly port: number
  /** Any request; a path is taken below the server's own address. Follows no redirects. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
}

/** The same at every start. */
export const SECRET = 'a secret of these tests only, 32 bytes and more'

/** Hashing must not be what a test waits for. */
const CHEAP = { ln: 4, r: 8, p: 1 }

/** `database`: PostgreSQL's URL; left out, a file in the installation's folder. */
export async function install(config: ConfigInput = {}): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-process-'))
  const database = config.database ?? `sqlite:${join(directory, 'sallyport.db')}`
  const scopes = { 'notes:read': 'Read your notes', 'notes:write': 'Write notes', 'notes:admin': 'Delete all notes' }
  const issuer = `http://localhost:${freePort()}`
  const settings: ConfigInput = { resources: [{ identifier: RESOURCE, scopes }], issuer, ...config, database }
  await Bun.write(join(directory, 'sallyport.config.json'), JSON.stringify(settings))
  const store = await openStore({ database })
  await store.users.create({
    id: 'usr_ada',
    username: USER.username,
    displayName: null,
    passwordHash: await hashPassword(USER.password, CHEAP),
    disabledAt: null,
    createdAt: 1_800_000_000,
  })
  await store.close()
  return { database, directory, issuer, remove: () => rm(directory, { recursive: true, force: true }) }
}

export interface StartOptions {
  readonly flags?: readonly string[]
  /** Default: the issuer's. */
  readonly port?: number
  readonly runtime?: readonly string[]
}

/** Starts a server of the installation and waits until it listens. */
export async function startServerProcess(
  installation: Installation,
  { flags = [], port = Number(new URL(installation.issuer).port), runtime = RUNTIMES.bun }: StartOptions = {},
): Promise<ServerProcess> {
  const started = launchServer(installation, { flags, port, runtime })
  await started.error.until(/"message":"listening"/)
  const base = `http://127.0.0.1:${port}`
  return {
    ...started,
    port,
    fetch(input, init) {
      const url = typeof input === 'string' && input.startsWith('/') ? base + input : input
      const own = String(url instanceof Request ? url.url : url).replace(installation.issuer, base)
      return fetch(url instanceof Request ? new Request(own, url) : own, { redirect: 'manual', ...init })
    },
  }
}

/** The same without waiting. */
export function launchServer(
  { directory }: Installation,
  { flags = [], port = 0, runtime = RUNTIMES.bun }: StartOptions,
): Started {
  const command = [...runtime, `${ROOT}server/main.ts`, '--port', `${port}`, '--host', '127.0.0.1', ...flags]
  return start(command, { cwd: directory, env: { SALLYPORT_SECRET: SECRET } })
}

/** The processes that a process has started and that still run. Linux. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await Bun.file(`/proc/${pid}/task/${pid}/children`)
    .text()
    .catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Asks again and again until it is so. */
export async function until(condition: () => Promise<boolean>, seconds = 50): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not happen within ${seconds} seconds: ${condition}`)
    // What is asked may be answered without a turn of the event loop, which then would never come.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
