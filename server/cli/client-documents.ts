/**
 * `sallyport clients pin`, `unpin` and `documents`: clients that publish what they are.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type DocumentAdministration, listDocuments, pinDocument, unpinDocument } from '../admin/client-documents.ts'
import type { Outcome } from '../admin/context.ts'
import { usage } from '../config/problem.ts'
import { command } from './command.ts'

/** Runs a command with the store that its flags name. */
type Run = (self: Command, act: (context: DocumentAdministration) => Outcome) => Promise<void>

export function addClientDocumentCommands(clients: Command, run: Run): void {
  command(
    clients,
    'pin <url> <file>',
    'Stores what a client publishes at its id, so that nobody is asked for it.',
  ).action((url: string, file: string, _: object, self: Command) =>
    run(self, async (context) => {
      const document = await readJson(file)
      if (document === undefined) return { ok: false, error: usage('That file cannot be read as JSON.') }
      return pinDocument(context, url, document)
    }),
  )
  command(clients, 'unpin <url>', 'From now on the client says itself what it is.').action(
    (url: string, _: object, self: Command) => run(self, (context) => unpinDocument(context, url)),
  )
  command(clients, 'documents', 'Lists what is stored of what clients publish.').action((_: object, self: Command) =>
    run(self, listDocuments),
  )
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}
