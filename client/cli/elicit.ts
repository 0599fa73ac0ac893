/**
 * What a server asks in the middle of a call: put to the person at this terminal, or cancelled where there is none.
 *
 * @see MCP 2025-11-25 and 2026-07-28, client, elicitation: who asks is shown, and every question can be declined
 * @see docs/adr/0177-questions-in-the-middle-of-a-call.md
 * @module
 */
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import type { ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult } from '@modelcontextprotocol/client'
import { browsableUrl } from '../node/open-browser.ts'
import { type Field, fieldsOf, promptFor, readField } from './form.ts'
import { openAddress } from './interactions.ts'
import { type Output, printable, printableLines } from './output.ts'

/** Shows `prompt` and gives the line that follows; `undefined` when there is none any more. */
export type Ask = (prompt: string) => Promise<string | undefined>

export interface ElicitOptions {
  /** Who asks. */
  readonly resource: string
  readonly output: Pick<Output, 'note' | 'paint'>
  /** `undefined`: nobody is here. */
  readonly ask: Ask | undefined
  readonly open?: (url: string) => Promise<void>
}

const CANCEL: ElicitResult = { action: 'cancel' }
const DECLINE: ElicitResult = { action: 'decline' }

/** Answers one question. */
export async function elicit(
  params: ElicitRequestFormParams | ElicitRequestURLParams,
  options: ElicitOptions,
): Promise<ElicitResult> {
  const { resource, output, ask } = options
  output.note(`${output.paint.bold(printable(new URL(resource).host))} asks: ${printableLines(params.message)}`)
  if (ask === undefined) {
    output.note('Nobody is here to answer, so the question was cancelled. Make the call in a terminal.')
    return CANCEL
  }
  return params.mode === 'url' ? visit(params, options, ask) : fillIn(params, options, ask)
}

async function visit({ url }: ElicitRequestURLParams, { output, open = openAddress }: ElicitOptions, ask: Ask) {
  const address = safely(url)
  if (address === undefined) {
    output.note('It wants an address opened that is no https URL: declined.')
    return DECLINE
  }
  output.note(`  at ${output.paint.bold(new URL(address).host)}: ${printable(address)}`)
  const answer = await ask('  Open it in your browser? (y/n) [n]: ')
  if (answer === undefined) return CANCEL
  if (!isYes(answer)) return DECLINE
  await open(address).catch(() => output.note('No browser could be opened: open the address yourself.'))
  return { action: 'accept' } as const
}

function safely(url: string): string | undefined {
  try {
    return browsableUrl(url)
  } catch {
    return undefined
  }
}

async function fillIn({ requestedSchema }: ElicitRequestFormParams, { output }: ElicitOptions, ask: Ask) {
  const fields = fieldsOf(requestedSchema)
  for (;;) {
    const content: Record<string, string | number | boolean | string[]> = {}
    for (const field of fields) {
      const value = await enter(field, output, ask)
      if (value === undefined) return CANCEL
      if (isContent(value.value)) content[field.name] = value.value
    }
    const answer = await ask(`  Send ${fields.length === 0 ? 'your consent' : 'this'}? (y, n, or e to edit) [y]: `)
    if (answer === undefined) return CANCEL
    if (answer.trim() === '' || isYes(answer)) return { action: 'accept', content } as const
    if (!/^e(?:dit)?$/i.test(answer.trim())) return DECLINE
  }
}

/** Asks until the entry fits; `undefined` when nothing is entered any more. */
async function enter(field: Field, { note }: Pick<Output, 'note'>, ask: Ask): Promise<{ value: unknown } | undefined> {
  for (;;) {
    const line = await ask(promptFor(field))
    if (line === undefined) return undefined
    const entry = readField(field, line)
    if ('value' in entry) return entry
    note(`  ${entry.problem}`)
  }
}

const isYes = (text: string): boolean => /^y(?:es)?$/i.test(text.trim())

const isContent = (value: unknown): value is string | number | boolean | string[] =>
  value !== undefined && (!Array.isArray(value) || value.every((one) => typeof one === 'string'))

/** Lines of this terminal. What was typed ahead counts; Ctrl-D ends it, Ctrl-C ends the command. */
export function askOnTerminal(signal: AbortSignal): Ask {
  return async (prompt) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
    const ended = new Promise<undefined>((resolve) => {
      lines.once('close', () => resolve(undefined))
    })
    try {
      return await Promise.race([lines.question(prompt, { signal }), ended])
    } finally {
      lines.close()
    }
  }
}
