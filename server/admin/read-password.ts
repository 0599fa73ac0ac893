/**
 * Reads a password without showing it.
 *
 * @module
 */
import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { err, ok, type Result } from '../../shared/result.ts'
import { type Problem, refusal, usage } from '../config/problem.ts'

/** From the terminal, twice; or, where that was asked for, everything that stdin holds but for the line's end. */
export async function readPassword(fromStdin: boolean): Promise<Result<string, Problem>> {
  if (fromStdin) return ok(await readAll())
  if (!process.stdin.isTTY)
    return err(usage('There is no terminal to ask on: pipe the password in with --password-stdin.'))
  const first = await ask('Password: ')
  if (first === null) return err(refusal('Nothing was changed.'))
  return (await ask('Once more: ')) === first
    ? ok(first)
    : err(refusal('The two are not the same. Nothing was changed.'))
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** Null: Ctrl-C or Ctrl-D. The terminal's echo goes into a stream that drops it. */
async function ask(question: string): Promise<string | null> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  const ended = new Promise<null>((resolve) =>
    lines.once('close', () => resolve(null)).once('SIGINT', () => lines.close()),
  )
  const answer = await Promise.race([lines.question(''), ended])
  lines.close()
  process.stderr.write('\n')
  return answer
}
