/**
 * The commands of the client side as a program: what the installed command runs for them, without anything of the server.
 *
 * @module
 */
import process from 'node:process'
import { Command, CommanderError } from 'commander'
import { addSessionCommands } from './commands.ts'
import { EXIT } from './explain.ts'

const program = new Command('sallyport')
addSessionCommands(program)
for (const command of program.commands) {
  command.exitOverride().configureOutput({ outputError: (text, write) => write(refusal(text)) })
}
try {
  await program.parseAsync(process.argv.slice(2), { from: 'user' })
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage)
}

/** Commander's words as the other commands say theirs, and as JSON to whom wants that. */
function refusal(text: string): string {
  const line = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')
  const message = `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.)]$/.test(line) ? '' : '.'}`
  const wantsJson = process.argv.includes('--json')
  return wantsJson
    ? `${JSON.stringify({ error: { code: 'usage', message, hint: 'Try --help.' } })}\n`
    : `sallyport: ${message} Try --help.\n`
}
