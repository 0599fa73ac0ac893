/**
 * What the commands of the CLI have in common: flags of the settings that name the database, one outcome, one exit code.
 *
 * @module
 */
import { userInfo } from 'node:os'
import process from 'node:process'
import { type Command, Option } from 'commander'
import { administered } from '../admin/administered.ts'
import type { Outcome } from '../admin/context.ts'
import { addSettingFlags, flagValues } from '../config/flags.ts'
import { leafNamed } from '../config/leaves.ts'
import { exitWith, loadConfig } from '../config/load.ts'
import { type Problem, refusal } from '../config/problem.ts'
import type { Config } from '../config.ts'
import { StoreUnavailable } from '../core/ports.ts'
import { systemClock } from '../create-server.ts'
import { auditedKeys } from '../store/audited-keys.ts'
import { type OpenStore, openStore } from '../store/open-store.ts'

/** The settings that the administrator's commands need. */
const SHARED = [leafNamed('database'), leafNamed('config')]

/** A command that only has others. */
export const group = (parent: Command, name: string, description: string): Command =>
  parent.command(name).description(description).helpOption('-h, --help', 'Prints this.').helpCommand(false)

export const command = (parent: Command, name: string, description: string): Command =>
  addSettingFlags(group(parent, name, description), SHARED)

/** Whether tokens must be bound to a key. */
export const dpopOption = (description: string): Option =>
  new Option('--dpop <policy>', description).choices(['required', 'nonce'])

/** Acts, prints, and ends with the right exit code. */
export async function run(self: Command, act: (config: Config) => Outcome): Promise<void> {
  const config = await loadConfig(flagValues(self, SHARED))
  if (!config.ok) return exitWith(config.error)
  try {
    const outcome = await act(config.value)
    if (!outcome.ok) return exitWith(outcome.error)
    process.stdout.write(`${outcome.value}\n`)
  } catch (error) {
    exitWith(explain(error))
  }
}

/** The same with the store that the settings name. */
export const runWithStore = (self: Command, act: (store: OpenStore, config: Config) => Outcome): Promise<void> =>
  run(self, async (config) => {
    const store = await openStore({ database: config.database, onWarning: warn })
    const who = { actor: actor(), now: systemClock }
    const signingKeys = auditedKeys(store.signingKeys, who)
    return act({ ...administered(store, who), signingKeys }, config).finally(() => store.close())
  })

/** What the administrator should know, beside what the command says. */
export const warn = (message: string): void => void process.stderr.write(`sallyport: ${message}\n`)

/** Who is at the command line, as far as the system says. */
function actor(): string {
  const { username, uid } = userInfo()
  // Bun knows names from the environment only.
  return `cli:${username === 'unknown' ? `uid-${uid}` : username}`
}

function explain(error: unknown): Problem {
  if (error instanceof StoreUnavailable) return refusal(`The database cannot be used. ${error.message}`)
  return refusal(error instanceof Error ? error.message : String(error))
}
