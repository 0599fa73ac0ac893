/**
 * `sallyport audit` and `sallyport flows`: what happened, and why it does not connect.
 *
 * @module
 */
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { type AuditWanted, followAudit, showAudit } from '../admin/audit.ts'
import { type FlowsWanted, showFlows } from '../admin/flows.ts'
import { systemClock } from '../create-server.ts'
import { digest } from '../store/hash.ts'
import { command, runWithStore } from './command.ts'

export function addRecordCommands(program: Command): void {
  command(program, 'audit', 'Prints the audit log: who did what, through which client, at which resource, and why not.')
    .option('--client <id>', 'Only of this client.')
    .option('--user <name>', 'Only of this user: a name or an id.')
    .option('--grant <id>', 'Only of this grant.')
    .option('--request <id>', 'Only of this request: the X-Request-Id of an answer or a log line.')
    .option('--type <type>', 'Only of this type, e.g. token_rejected.')
    .option('--since <time>', 'Not older: 30m, 24h, 7d, or a date.')
    .option('--limit <number>', 'The newest so many.', toCount, 100)
    .option('--follow', 'Goes on with what is added, until Ctrl-C.', false)
    .option('--json', 'One JSON object per line.', false)
    .action((wanted: AuditWanted & { readonly follow: boolean }, self: Command) =>
      runWithStore(self, (store) => {
        const tools = { store, now: systemClock, digest }
        return wanted.follow ? followAudit(tools, wanted, untilInterrupted()) : showAudit(tools, wanted)
      }),
    )
  command(program, 'flows', 'Prints attempts to connect, how far each came, and why it ended.')
    .option('--client <id>', 'Only of this client.')
    .option('--failed', 'Only those that came to nothing.', false)
    .option('--since <time>', 'Not older: 30m, 24h, 7d, or a date.', '24h')
    .option('--json', 'One JSON object per line.', false)
    .action((wanted: FlowsWanted, self: Command) =>
      runWithStore(self, (store) => showFlows({ store, now: systemClock, digest }, wanted)),
    )
}

function toCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Wanted: a whole number from 1.')
  return count
}

/** Looks once a second. */
function untilInterrupted() {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  return {
    print: (line: string): void => void process.stdout.write(`${line}\n`),
    waiting: (): Promise<boolean> => setTimeout(1000, true, { signal: interrupted.signal }).catch(() => false),
  }
}
