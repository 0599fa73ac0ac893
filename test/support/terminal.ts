/**
 * A command in a terminal: it believes that a person sits there, and the test types.
 *
 * @module
 */
import type { ClientWorld } from './client-world.ts'
import { ROOT } from './source-tree.ts'
import { RUNTIMES } from './spawn.ts'

export interface Terminal {
  /** Everything that was shown up to now. */
  screen(): string
  /** Resolves when `text` has been shown after what was last waited for. */
  shows(text: string): Promise<void>
  type(text: string): void
  readonly exited: Promise<number>
}

export function inTerminal({ env, home }: Pick<ClientWorld, 'env' | 'home'>, args: readonly string[]): Terminal {
  const decoder = new TextDecoder()
  let screen = ''
  let seen = 0
  let wake = Promise.withResolvers<void>()
  const child = Bun.spawn([...RUNTIMES.bun, `${ROOT}server/bin.ts`, ...args], {
    cwd: home,
    env: { TERM: 'xterm', ...env },
    terminal: {
      cols: 100,
      rows: 30,
      data(_terminal, bytes) {
        screen += decoder.decode(bytes, { stream: true })
        wake.resolve()
        wake = Promise.withResolvers()
      },
    },
  })
  return {
    screen: () => screen.replaceAll('\r\n', '\n'),
    async shows(text) {
      for (;;) {
        const at = screen.indexOf(text, seen)
        if (at >= 0) {
          seen = at + text.length
          return
        }
        await wake.promise
      }
    },
    type: (text) => void child.terminal?.write(text),
    exited: child.exited,
  }
}
