/**
 * The fallback for machines without a browser: the person pastes the callback URL into a terminal.
 *
 * @module
 */
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import type { Interaction } from '../interactions/interaction.ts'
import { prompt } from '../interactions/prompt.ts'

/** Nobody can paste anything any more. The `cause` of an `interaction_failed`. */
export class InputEnded extends Error {
  override readonly name = 'InputEnded'
}

/**
 * Shows the URL on `output` and reads the pasted callback URL from `input`. Beside `loopback()` it uses the same redirect URI, and
 * whichever answers first counts.
 *
 * @param output default standard error, so that a program's own output stays clean
 * @throws {SallyportError} from `authorize`: `interaction_failed` when the input ends, or after three addresses that do not fit
 * @example createSession(url, { interaction: [loopback(), paste(process.stdin)] })
 */
export function paste(input: Readable = process.stdin, output: Writable = process.stderr): Interaction {
  return {
    ...prompt(async (url, { attempt, signal }) => {
      const lines = createInterface({ input, terminal: false })
      const ended = new Promise<never>((_resolve, reject) => {
        lines.once('close', () => reject(new InputEnded('the input has ended')))
      })
      const again = attempt === 1 ? '' : 'That address does not belong to this sign-in.\n'
      output.write(
        `${again}Open this address in any browser:\n  ${url}\nThen paste the address that the browser ends up at:\n`,
      )
      try {
        return await Promise.race([lines.question('', { signal }), ended])
      } finally {
        lines.close()
      }
    }),
    name: 'paste',
    showCode: async ({ userCode, verificationUri }) => {
      output.write(`Open this address in any browser:\n  ${verificationUri}\nand enter this code: ${userCode}\n`)
    },
  }
}
