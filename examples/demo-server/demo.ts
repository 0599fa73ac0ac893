/**
 * Both roles in one process: the authorization server, and beside it the notes server that it issues tokens for.
 *
 * @module
 */
import type { Settings } from '../../server/config.ts'
import { createServer, type Server, type ServerOptions } from '../../server/create-server.ts'
import { createNotesServer, NOTES_SCOPES } from './notes-server.ts'

export interface DemoOptions extends ServerOptions {
  /** Where the notes are kept: a file path, or `:memory:`. */
  readonly notesDatabase: string
}

export interface Demo extends Server {
  /** The URL to add to an MCP host. */
  readonly mcpUrl: string
}

/** The MCP URL of an issuer's demo. */
export const mcpUrlOf = (issuer: string): string => `${issuer.replace(/\/$/, '')}/mcp`

/** Composes the two. The notes server reads the issuer's keys without leaving the process. */
export async function createDemo(options: DemoOptions): Promise<Demo> {
  const mcpUrl = mcpUrlOf(options.settings.issuer)
  const server = await createServer({ ...options, settings: withNotes(options.settings, mcpUrl) })
  const notes = createNotesServer({
    resource: mcpUrl,
    issuer: options.settings.issuer,
    database: options.notesDatabase,
    now: options.now,
    fetch: async (input, init) =>
      (await server.handle(new Request(input, init))) ?? new Response(null, { status: 404 }),
    isRevoked: async (claims) => !(await server.as.isLive(claims)),
  })
  return {
    ...server,
    mcpUrl,
    handle: async (request, address) => (await notes.fetch(request)) ?? server.handle(request, address),
    async close() {
      notes.close()
      await server.close()
    },
  }
}

const withNotes = (settings: Settings, mcpUrl: string): Settings => ({
  ...settings,
  resources: [
    { identifier: mcpUrl, name: 'Sallyport demo notes', scopes: NOTES_SCOPES, aliases: [`${mcpUrl}/`] },
    ...settings.resources,
  ],
})
