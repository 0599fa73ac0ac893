/**
 * `npm start`: the authorization server and a protected MCP server in one process, and what to do with them.
 *
 * @module
 */
import { dirname, join } from 'node:path'
import type { Settings } from '../../server/config.ts'
import { DEMO_USER } from '../../server/demo-user.ts'
import { runServer } from '../../server/main.ts'
import { createDemo, mcpUrlOf } from './demo.ts'

/** What to do next, for a person who has just started this for the first time. */
export function nextSteps({ dev, dev_login, issuer }: Pick<Settings, 'dev' | 'dev_login' | 'issuer'>): string {
  const mcpUrl = mcpUrlOf(issuer)
  const account = dev
    ? `Sign in as  ${DEMO_USER.username}\nPassword    ${DEMO_USER.password}`
    : 'Sign in as  a user of yours'
  const signIn =
    dev_login === undefined ? account : `Signed in   as ${dev_login}, and approved, without a page (--dev-login)`
  return `
Sallyport is ready.

MCP URL     ${mcpUrl}
${signIn}

Claude Code
  claude mcp add --transport http sallyport-demo ${mcpUrl}

Hosts that read mcpServers
  ${JSON.stringify({ mcpServers: { 'sallyport-demo': { type: 'http', url: mcpUrl } } })}

Your grants  ${issuer.replace(/\/$/, '')}/account
Ctrl-C stops it.
`
}

if (import.meta.main) {
  await runServer((settings) => console.log(nextSteps(settings)), {
    program: 'npm start --',
    compose: (options) => createDemo({ ...options, notesDatabase: notesBeside(options.settings.database) }),
  })
}

/** The notes live beside the server's database: in its folder, or in `.sallyport/` when that is no file. */
function notesBeside(database: string): string {
  const path = database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : '.sallyport/sallyport.db'
  return path === ':memory:' ? path : join(dirname(path), 'notes.db')
}
