/**
 * A program that stands where a person's browser would: what a command opens reaches the test, which decides what the person does.
 *
 * @module
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface StandInBrowser {
  /** For the environment of programs: what `BROWSER` is. */
  readonly program: string
  /** Every address that was opened. */
  readonly opened: readonly string[]
  /** Resolves with the next one that is opened, or the last one that was and that nobody has waited for. */
  next(): Promise<string>
  close(): Promise<void>
}

/** @param visit what the person does at an address; an error is theirs, too: nothing more happens */
export async function standInBrowser(visit: (url: string) => Promise<unknown>): Promise<StandInBrowser> {
  const opened: string[] = []
  const unseen: string[] = []
  let wake = Promise.withResolvers<void>()
  const listener = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const url = await request.text()
      opened.push(url)
      unseen.push(url)
      wake.resolve()
      wake = Promise.withResolvers()
      visit(url).catch(() => {})
      return new Response()
    },
  })
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-browser-'))
  const program = join(directory, 'browser')
  const send = `await fetch(${JSON.stringify(listener.url.href)}, { method: 'POST', body: process.argv[2] })`
  await Bun.write(program, `#!${process.execPath}\n${send}\n`)
  await chmod(program, 0o700)
  return {
    program,
    opened,
    async next() {
      while (unseen.length === 0) await wake.promise
      return unseen.shift() ?? ''
    },
    async close() {
      await listener.stop(true)
      await rm(directory, { recursive: true })
    },
  }
}
