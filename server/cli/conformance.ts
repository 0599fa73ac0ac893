/**
 * `sallyport conformance`: checks any authorization server or protected MCP server over HTTP, and prints what it found.
 *
 * @module
 */
import process from 'node:process'
import { type Command, Option } from 'commander'
import { exitWith } from '../config/load.ts'
import { usage } from '../config/problem.ts'
import { group } from './command.ts'
import type { Targets } from './conformance-run.ts'
import type { Formats } from './conformance-write.ts'
import { urlProblem } from './url-problem.ts'

type Options = Omit<Targets, 'timeout'> & Formats & { readonly timeout: string }

const SECRETS = 'SALLYPORT_CONFORMANCE'

export function addConformanceCommand(program: Command): void {
  group(program, 'conformance', 'Checks any authorization server or MCP server over HTTP, requirement by requirement.')
    .option('--as <issuer>', 'The authorization server to check, by its issuer.')
    .option('--resource <url>', 'The MCP server to check, by its URL.')
    .option('--client-id <id>', 'A client that is registered there. Default: the checks register their own.')
    .addOption(new Option('--client-secret <secret>', 'Its secret.').env(`${SECRETS}_CLIENT_SECRET`))
    .addOption(
      new Option('--client-auth <method>', 'How it shows it.').choices(['client_secret_basic', 'client_secret_post']),
    )
    .option('--redirect-uri <uri>', 'Where answers are sent; on this machine, with a port.')
    .option('--indicator <uri>', 'The resource to ask for. Default: what the metadata name.')
    .option('--scope <scopes>', 'The scopes to ask for, in one string. Default: what the metadata name.')
    .option('--introspection-client-id <id>', 'A client that may ask about tokens.')
    .addOption(
      new Option('--introspection-client-secret <secret>', 'Its secret.').env(`${SECRETS}_INTROSPECTION_CLIENT_SECRET`),
    )
    .addOption(new Option('--token <token>', 'An access token that the MCP server accepts.').env(`${SECRETS}_TOKEN`))
    .option(
      '--tool <name>',
      'A tool of it that needs more than the first scope on offer (or than --token has); calling it must be harmless.',
    )
    .option(
      '--other-resource <uri>',
      'Another resource of its authorization server, for tokens that are not for this one. Default: what the metadata list.',
    )
    .option(
      '--signing-key <file>',
      'For deployments that are made for tests: the private key (a JWK with kid) of the authorization server. Only with it can tokens be tried that have expired, have no end or no audience, or are of another issuer: seven checks.',
    )
    .option('--browser', 'Opens the browser where a person must sign in: often, for each code is good once.')
    .option('--wait <seconds>', 'How long to wait for a nonce to grow old. Default: not at all.')
    .option('--only <ids...>', 'Only these checks.')
    .option('--timeout <seconds>', 'For one answer.', '10')
    .option('--json [file]', 'Writes the report as JSON, to a file or in place of the text.')
    .option('--junit [file]', 'The same as JUnit has it, for CI.')
    .option('--html [file]', 'The same as one page.')
    .addHelpText('after', EXPLANATION)
    .action(async (options: Options) => {
      const problem = problemOf(options)
      if (problem !== null) return exitWith(usage(problem))
      try {
        // Loaded where it is used: every other command starts without it.
        const { check } = await import('./conformance-run.ts')
        const { tellProgress, write } = await import('./conformance-write.ts')
        const reports = await check({ ...options, timeout: Number(options.timeout) }, tellProgress())
        if (!reports.ok) return exitWith(reports.error)
        process.exitCode = await write(reports.value, options)
      } catch (error) {
        exitWith(usage(error instanceof Error ? error.message : String(error)))
      }
    })
}

const EXPLANATION = `
Exit code: 0 when nothing failed, 1 when something did, 2 when it could not be run. Warnings are no failures.
A server in development that signs everybody in (sallyport server --dev --dev-login demo) is checked whole without a person.`

function problemOf(options: Options): string | null {
  const { as, resource, redirectUri } = options
  if (as === undefined && resource === undefined)
    return 'Nothing to check. Say --as ISSUER or --resource URL. Try --help.'
  for (const [flag, url] of Object.entries({ as, resource, 'redirect-uri': redirectUri })) {
    const problem = url === undefined ? null : urlProblem(url)
    if (problem !== null) return `--${flag}: ${problem}`
  }
  if (options.clientSecret !== undefined && options.clientId === undefined) return '--client-secret needs --client-id.'
  if (options.clientAuth !== undefined && options.clientSecret === undefined)
    return '--client-auth needs --client-secret.'
  const { tool, signingKey, otherResource } = options
  for (const [flag, value] of Object.entries({ tool, 'signing-key': signingKey, 'other-resource': otherResource }))
    if (value !== undefined && resource === undefined) return `--${flag} needs --resource.`
  if (options.wait !== undefined && !isSeconds(options.wait)) return '--wait: wanted a number of seconds.'
  if (!isSeconds(options.timeout)) return '--timeout: wanted a number of seconds.'
  const { json, junit, html } = options
  if ([json, junit, html].filter((where) => where === true).length > 1)
    return 'Only one of --json, --junit and --html can be in place of the text: name files for the others.'
  return null
}

/** Up to a day: timers have an end. */
const isSeconds = (text: string): boolean => Number(text) > 0 && Number(text) <= 24 * 60 * 60
