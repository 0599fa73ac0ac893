/**
 * Settings as command-line flags, help text included.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander'
import { err, ok, type Result } from '../../shared/result.ts'
import { LEAVES, type Leaf } from './leaves.ts'
import { type Problem, usage } from './problem.ts'
import { fromText, type Values } from './source.ts'
import { defaultInWords } from './words.ts'

/** Adds a flag for each of the settings. */
export function addSettingFlags(command: Command, leaves: readonly Leaf[] = LEAVES): Command {
  for (const option of leaves.flatMap(toOptions)) command.addOption(option)
  return command
}

/** The settings among what `command` was given. */
export function flagValues(command: Command, leaves: readonly Leaf[] = LEAVES): Values {
  const given: Readonly<Record<string, unknown>> = command.opts()
  return new Map(
    leaves.flatMap((leaf): readonly (readonly [string, unknown])[] => {
      const [option] = toOptions(leaf)
      const value = option === undefined ? undefined : given[option.attributeName()]
      if (value === undefined) return []
      return [[leaf.name, typeof value === 'string' ? fromText(value, leaf.kind) : value]]
    }),
  )
}

/** The settings in a command line that holds nothing else. For `--help` the `Problem` is the help text, without fault. */
export async function parseFlags(argv: readonly string[], program: string): Promise<Result<Values, Problem>> {
  const command = addSettingFlags(new Command(program))
    .description('Starts the Sallyport authorization server.')
    .helpOption('-h, --help', 'Prints this.')
    .addHelpText('after', `\n${ELSEWHERE}`)
  const problem = await parseQuietly(command, argv)
  return problem === null ? ok(flagValues(command)) : err(problem)
}

/** Parses, and runs what is asked for, without printing and without ending the process; null when all went well. */
export async function parseQuietly(command: Command, argv: readonly string[]): Promise<Problem | null> {
  const printed: string[] = []
  quieten(command, (text) => void printed.push(text))
  try {
    await command.parseAsync([...argv], { from: 'user' })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // `commander.help`: a group of commands was named and none of them; that asks for help, too.
    const isHelp = error.exitCode === 0 || error.code === 'commander.help'
    return isHelp ? { message: printed.join('').trimEnd(), exitCode: 0 } : explain(error)
  }
}

function quieten(command: Command, print: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: print, writeErr: print })
  for (const subcommand of command.commands) quieten(subcommand, print)
}

/** Commander's words on one line; for a setting that is no flag, where it belongs instead. */
function explain(error: CommanderError): Problem {
  const flagless = LEAVES.find(({ flag, path }) => {
    return flag === null && error.message.includes(`'--${path.join('-').replaceAll('_', '-')}'`)
  })
  if (flagless !== undefined) {
    const places = [flagless.env, `\`${flagless.name}\` in the config file`].filter((place) => place !== null)
    return usage(`${flagless.name} is not a flag: set ${places.join(' or ')}.`)
  }
  const line = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  return usage(`${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.)]$/.test(line) ? '' : '.'} Try --help.`)
}

function toOptions(leaf: Leaf): readonly Option[] {
  const { flag, kind, description, defaultValue } = leaf
  if (flag === null) return []
  const options = kind === 'choice' ? ` O${leaf.wanted.slice(1)}.` : ''
  const words = `${description}${options} Default: ${defaultInWords(leaf)}.`.replaceAll('`', '')
  if (kind !== 'boolean') {
    const option = new Option(`${flag} <${PLACEHOLDERS[leaf.name] ?? leaf.unit ?? kind}>`, words)
    return [kind === 'list' ? option.argParser(append) : option]
  }
  // Both ways are understood, since --dev and the config file can turn either into the default; help names the useful one.
  const on = new Option(flag, words)
  const off = new Option(flag.replace(/^--/, '--no-'), `Off: ${words}`)
  return defaultValue === true ? [on.hideHelp(), off] : [on, off.hideHelp()]
}

/** A flag for a list may be repeated, too. */
const append = (value: string, previous: string | undefined): string =>
  previous === undefined ? value : `${previous},${value}`

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  issuer: 'url',
  host: 'address',
  database: 'url',
  config: 'path',
  dev_login: 'user',
}

const ELSEWHERE = `A flag --refresh-replay-window is also the environment variable SALLYPORT_REFRESH_REPLAY_WINDOW, and
\`refresh: { replay_window }\` in sallyport.config.ts or .json. Flags come before the environment, that before the file.
Never flags: the secrets (SALLYPORT_SECRET, SALLYPORT_PREVIOUS_SECRET) and the resources (config file).`
