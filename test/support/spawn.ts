/**
 * Programs that a test starts: what they wrote and how they ended, and the three runtimes to start them on.
 *
 * @module
 */
import { ROOT } from './source-tree.ts'

const bin = (name: string): string => `${ROOT}node_modules/.bin/${name}`

/** How each runtime runs a file. All three come from the npm registry, so that their versions are pinned. */
export const RUNTIMES = {
  bun: [bin('bun')],
  // Not the launcher in .bin: it does not pass signals on.
  deno: [`${ROOT}node_modules/deno/deno`, 'run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
  node: [bin('node')],
} as const

export interface SpawnOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly out: string
  readonly error: string
  readonly code: number
}

/** Runs a program to its end. */
export async function run(command: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const program = start(command, options)
  const code = await program.exited
  return { out: await program.out.end(), error: await program.error.end(), code }
}

export interface Started {
  readonly pid: number
  readonly out: Output
  readonly error: Output
  readonly exited: Promise<number>
  kill(signal?: NodeJS.Signals): void
}

/** Starts a program, with nothing of this one's environment but the PATH. */
export function start(command: readonly string[], { cwd = ROOT, env = {} }: SpawnOptions = {}): Started {
  const inherited = { PATH: Bun.env['PATH'] ?? '', HOME: Bun.env['HOME'] ?? '' }
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  return {
    pid: child.pid,
    out: readOutput(child.stdout),
    error: readOutput(child.stderr),
    exited: child.exited,
    kill: (signal = 'SIGKILL') => child.kill(signal),
  }
}

/** What a program writes, as it writes it. */
export interface Output {
  /** Everything up to now. */
  text(): string
  /** Waits until it matches; rejects when the program ends first. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Everything, at the end. */
  end(): Promise<string>
}

function readOutput(stream: ReadableStream<Uint8Array>): Output {
  let text = ''
  let wake = Promise.withResolvers<void>()
  let ended = false
  const finished = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true })
      wake.resolve()
      wake = Promise.withResolvers<void>()
    }
    ended = true
    wake.resolve()
  })()
  return {
    text: () => text,
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(text)
        if (match !== null) return match
        if (ended) throw new Error(`The program ended without ${pattern}:\n${text}`)
        await wake.promise
      }
    },
    async end() {
      await finished
      return text
    },
  }
}

/**
 * A port that was free a moment ago, for programs that must be told one. It is none of those that the system gives to whoever asks for any, as the
 * other tests do: until the program has started, one of them might have been given it.
 */
export function freePort(): number {
  do candidate = candidate === PORTS.last ? PORTS.first : candidate + 1
  while (!isFree(candidate))
  return candidate
}

const PORTS = { first: 20_000, last: 31_999 }
/** Files that run at the same time begin in different places. */
let candidate = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first))

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
    return true
  } catch {
    return false
  }
}
