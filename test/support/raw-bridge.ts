/**
 * A bridge whose lines the test writes and reads itself.
 *
 * @module
 */
import { expect } from 'bun:test'
import type { ClientWorld } from './client-world.ts'
import { ROOT } from './source-tree.ts'
import { RUNTIMES } from './spawn.ts'

export interface Message {
  readonly id?: unknown
  readonly error?: { readonly code: number }
}

/** A bridge whose lines the test writes and reads itself. */
export function rawBridge({ env, home, resource }: ClientWorld, ...args: readonly string[]) {
  const child = Bun.spawn([...RUNTIMES.bun, `${ROOT}server/bin.ts`, 'bridge', resource, ...args], {
    cwd: home,
    env,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const messages: Message[] = []
  let wake = Promise.withResolvers<void>()
  const read = async (): Promise<void> => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) messages.push(JSON.parse(line))
      wake.resolve()
      wake = Promise.withResolvers()
    }
    expect(rest).toBe('')
  }
  const done = read()
  const stderr = new Response(child.stderr).text()
  const write = (text: string): void => {
    child.stdin.write(text)
    child.stdin.flush()
  }
  const send = (message: object): void => write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  return {
    messages,
    write,
    send,
    async ask(id: string | number, method: string, params: object = {}): Promise<Message> {
      send({ id, method, params })
      for (;;) {
        const answer = messages.find((message) => message.id === id)
        if (answer !== undefined) return answer
        await wake.promise
      }
    },
    end: () => child.stdin.end(),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    exited: done.then(() => child.exited),
    stderr: () => stderr,
  }
}
