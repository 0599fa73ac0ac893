/**
 * `sallyport doctor`: why a host does not connect to an MCP server, in plain words.
 *
 * @module
 */
import process from 'node:process'
import type { Command } from 'commander'
import { exitWith } from '../config/load.ts'
import { usage } from '../config/problem.ts'
import { group } from './command.ts'
import { urlProblem } from './url-problem.ts'

interface Options {
  readonly connect?: true
  readonly browser?: true
  readonly scope?: string
  readonly timeout: string
  readonly html?: string
}

export function addDoctorCommand(program: Command): void {
  group(program, 'doctor', 'Says in plain words why a host does not connect to an MCP server, and how to mend it.')
    .argument('<url>', 'The URL of the MCP server, as it is given to hosts.')
    .option('--connect', 'Goes the whole way: registers a client, and gets a token. Without it nothing is left behind.')
    .option('--browser', 'Opens the browser where a person must sign in. Implies --connect.')
    .option('--scope <scopes>', 'The scopes to ask for, in one string. Default: what the server says.')
    .option('--timeout <seconds>', 'For one answer.', '10')
    .option('--html <file>', 'Writes all that was looked at as one page, too.')
    .addHelpText('after', '\nExit code: 0 when hosts can connect, 1 when they cannot, 2 when it could not be run.')
    .action(async (url: string, options: Options) => {
      const problem = urlProblem(url)
      if (problem !== null) return exitWith(usage(problem))
      if (!(Number(options.timeout) > 0)) return exitWith(usage('--timeout: wanted a number of seconds.'))
      try {
        // Loaded where it is used: every other command starts without it.
        const { examine } = await import('./doctor-run.ts')
        process.exitCode = await examine(url, { ...options, timeout: Number(options.timeout) })
      } catch (error) {
        exitWith(usage(error instanceof Error ? error.message : String(error)))
      }
    })
}
