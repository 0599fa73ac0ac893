/**
 * A host as a process of its own: `test/support/refresh-process.ts DIRECTORY RESOURCE NAME PATIENCE [LEASE]`, on any runtime. Opens the file
 * store, waits at the gate until everybody is there, calls a tool, and prints how that ended. PATIENCE: how often it comes back when it
 * is told to.
 *
 * @module
 */
import process from 'node:process'
import { AuthorizationRequiredError, createSession, type Fetch, SallyportError } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { callTool } from './mcp-call.ts'

const [directory = '', resource = '', name = '', patience = '0', lease = '{}'] = process.argv.slice(2)

/** Says who is asking, for the server's eyes only. */
const named: Fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.set('user-agent', name)
  return fetch(input, { ...init, headers })
}

const session = createSession(resource, {
  store: fileStore({ directory, lease: JSON.parse(lease) }),
  fetch: named,
  timeout: 5,
  dpop: 'required',
})
await session.status()
await (await named(new URL('/gate', resource))).text()

async function call(patienceLeft: number): Promise<object> {
  try {
    const response = await callTool(session.fetch, resource, 'greet')
    await response.text()
    return { status: response.status }
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error
    const { code, retryable, retryAfter = 1 } = error
    if (!retryable || patienceLeft === 0) {
      return { code, reason: error instanceof AuthorizationRequiredError ? error.reason : undefined }
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000))
    return call(patienceLeft - 1)
  }
}

console.log(JSON.stringify({ name, ...(await call(Number(patience))) }))
process.exit(0)
