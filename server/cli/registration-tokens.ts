/**
 * `sallyport registration-tokens`: who may register clients where not everyone may.
 *
 * @module
 */
import type { Command } from 'commander'
import { err } from '../../shared/result.ts'
import type { AdminContext, Outcome } from '../admin/context.ts'
import {
  createRegistrationToken,
  listRegistrationTokens,
  revokeRegistrationToken,
} from '../admin/registration-tokens.ts'
import { usage } from '../config/problem.ts'
import { command, group } from './command.ts'

/** Runs a command with the store that its flags name. */
type Run = (self: Command, act: (context: AdminContext) => Outcome) => Promise<void>

interface Options {
  readonly days: string
  readonly uses?: string
}

const DAY = 24 * 60 * 60

export function addRegistrationTokenCommands(program: Command, run: Run): void {
  const tokens = group(program, 'registration-tokens', 'Initial access tokens, with which others register clients.')
  command(tokens, 'create <name>', 'Makes a token and prints it.')
    .option('--days <count>', 'How long it lasts.', '7')
    .option('--uses <count>', 'How many clients it may register. Default: any number.')
    .action((name: string, { days, uses }: Options, self: Command) =>
      run(self, async (context) => {
        const lifetime = count(days, 3650)
        const most = uses === undefined ? null : count(uses, 1_000_000)
        if (lifetime === undefined) return err(usage('--days: wanted a whole number from 1 to 3650.'))
        if (most === undefined) return err(usage('--uses: wanted a whole number from 1 to 1000000.'))
        return createRegistrationToken(context, { name, lifetime: lifetime * DAY, uses: most })
      }),
    )
  command(tokens, 'list', 'Lists them. The tokens themselves are not stored.').action((_: object, self: Command) =>
    run(self, listRegistrationTokens),
  )
  command(tokens, 'revoke <name>', 'Ends a token. What was registered with it stays.').action(
    (name: string, _: object, self: Command) => run(self, (context) => revokeRegistrationToken(context, name)),
  )
}

/** From 1 to `most`, or undefined. */
function count(text: string, most: number): number | undefined {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= most ? value : undefined
}
