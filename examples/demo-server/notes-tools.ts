/**
 * The tools of the notes server: one table of what they are called, which scopes they need, what they take and what they do.
 *
 * @module
 */
import * as v from 'valibot'
import type { AuthInfo } from '../../server/resource/index.ts'
import type { NotesStore } from './notes-store.ts'

/** What a tool may use: who calls, the notes, and the time in seconds since the epoch. */
export interface ToolContext {
  readonly authInfo: AuthInfo
  readonly store: NotesStore
  readonly now: () => number
}

export interface Tool {
  readonly description: string
  readonly scopes: readonly string[]
  /** JSON Schema. */
  readonly inputSchema: {
    readonly type: 'object'
    readonly properties?: Record<string, object>
    readonly required?: string[]
  }
  /** The text to answer with; `null` when the arguments do not fit. */
  run(args: unknown, context: ToolContext): string | null
}

const NoteArguments = v.object({ text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(2000)) })

export const TOOLS: Readonly<Record<string, Tool>> = {
  whoami: {
    description: 'Tells who you are signed in as, through which client, and what it may do.',
    scopes: [],
    inputSchema: { type: 'object' },
    run: (_, { authInfo: { clientId, extra, scopes } }) =>
      JSON.stringify({ user: extra.sub, client: clientId, scopes }, null, 2),
  },

  notes_list: {
    description: 'Lists your notes, newest first.',
    scopes: ['notes:read'],
    inputSchema: { type: 'object' },
    run: (_, { authInfo, store }) => JSON.stringify(store.list(authInfo.extra.sub), null, 2),
  },

  notes_add: {
    description: 'Adds a note.',
    scopes: ['notes:write'],
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string', minLength: 1, maxLength: 2000, description: 'What to remember.' } },
      required: ['text'],
    },
    run(args, { authInfo, now, store }) {
      const parsed = v.safeParse(NoteArguments, args)
      return parsed.success ? JSON.stringify(store.add(authInfo.extra.sub, parsed.output.text, now())) : null
    },
  },

  notes_clear: {
    description: 'Deletes all your notes. Needs more permission than the other tools.',
    scopes: ['notes:admin'],
    inputSchema: { type: 'object' },
    run: (_, { authInfo, store }) => JSON.stringify({ deleted: store.clear(authInfo.extra.sub) }),
  },
}
