/**
 * `docs/cli.md` and every other page say of the client's commands what `--help` says: no flag is missing, and no line that is shown fails
 * to parse.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { Command, CommanderError } from 'commander'
import { addSessionCommands } from '../../client/cli/commands.ts'
import { EXIT } from '../../client/cli/explain.ts'
import { SESSION_COMMANDS } from '../../client/cli/names.ts'
import { ROOT } from '../support/source-tree.ts'

const page = await Bun.file(`${ROOT}docs/cli.md`).text()

function programOf(): Command {
  const program = new Command('sallyport').exitOverride()
  addSessionCommands(program)
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} })
    command.action(() => {})
  }
  return program
}

const commands = programOf().commands

test('the installed command knows them all by name', () => {
  expect(commands.map((command) => command.name())).toEqual([...SESSION_COMMANDS])
})

test.each(commands.map((command) => [command.name(), command] as const))('%s is described', (name, command) => {
  expect(page).toContain(`\n## \`sallyport ${name}\`\n`)
  const missing = command.options.map(({ long, short }) => long ?? short ?? '').filter((flag) => !mentions(flag))
  expect(missing).toEqual([])
  const help = helpOf(command)
  for (const code of Object.values(EXIT)) expect(help).toMatch(new RegExp(`\\b${code} \\w`))
})

test('every exit code has its row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(rows).toEqual(Object.values(EXIT).sort((a, b) => a - b))
})

/** `-X` for `--request`, as the page has it. */
const SHORT: Readonly<Record<string, string>> = {
  '--request': '`-X`',
  '--header': '`-H`',
  '--data': '`-d`',
  '--include': '`-i`',
  '--output': '`-o`',
}
const mentions = (flag: string): boolean => page.includes(SHORT[flag] ?? flag)

function helpOf(command: Command): string {
  const parts: string[] = []
  command.configureOutput({ writeOut: (part) => void parts.push(part) }).outputHelp()
  return parts.join('')
}

const pages = [
  'README.md',
  'examples/claude-cli/README.md',
  'docs/cli.md',
  'docs/hosts.md',
  'docs/client.md',
  'docs/dpop.md',
]

describe('lines that are shown parse', () => {
  test.each(pages)('%s', async (path) => {
    const text = await Bun.file(ROOT + path).text()
    const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
    for (const line of linesOf(blocks.join('\n'))) expect([line, await problemOf(line)]).toEqual([line, null])
  })

  test('and the examples of --help', async () => {
    for (const command of commands) {
      const [, examples = ''] = /Examples:\n(.*?)\n\n/s.exec(helpOf(command)) ?? []
      const lines = linesOf(examples)
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) expect([line, await problemOf(line)]).toEqual([line, null])
    }
  })

  test('one with a flag that there is not is found', async () => {
    expect(await problemOf('sallyport login https://mcp.example.com/mcp --nonsense')).toContain('nonsense')
  })
})

/** The calls of the client's commands, each from the command's name to where the shell takes over. */
function linesOf(text: string): readonly string[] {
  const calls = [...text.matchAll(/\bsallyport ([a-z]+)\b[^\n)]*/g)]
  return calls
    .filter(([, name = '']) => SESSION_COMMANDS.includes(name))
    .map(([line]) => line.replace(/\s+(?:[|<#]|2>|\(|").*$/, rest))
}

/** A quote may be an argument's. */
const rest = (end: string): string => (/^\s+"/.test(end) ? end.replace(/\s+[|<#].*$/, '') : '')

async function problemOf(line: string): Promise<string | null> {
  const words = [...line.replace(/^sallyport /, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
  const args = words.map(([word, single, double]) => single ?? double ?? word)
  try {
    await programOf().parseAsync(args, { from: 'user' })
    return null
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.message
  }
}
