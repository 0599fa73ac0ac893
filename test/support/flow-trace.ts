/**
 * Attempts to connect, and what the operator is told of them.
 *
 * @module
 */
import { showFlows } from '../../server/admin/flows.ts'
import { digest } from '../../server/store/hash.ts'
import { authorizationQuery, createTestServer, type TestServer } from './authorization-server.ts'
import { createPerson } from './person.ts'

/** A server, and what the command says of it a minute after `act`. */
export async function traced(
  act: (server: TestServer) => Promise<unknown>,
  wanted: { failed?: boolean; client?: string } = {},
) {
  const server = await createTestServer()
  await act(server)
  await server.flush()
  const tools = { store: server.store, now: () => server.clock.now, digest }
  const shown = await showFlows(tools, { failed: false, since: '24h', json: false, ...wanted })
  await server.close()
  if (!shown.ok) throw new Error(shown.error.message)
  return shown.value
}

/** Requests of an application at this address. */
export const from = (server: TestServer, address: string): Pick<TestServer, 'fetch'> => ({
  fetch: async (input, init) =>
    (await server.handle(new Request(`${server.issuer}${input}`, init), address)) ?? new Response(null),
})

export const discover = (app: Pick<TestServer, 'fetch'>) => app.fetch('/.well-known/oauth-authorization-server')

/** The whole way to a code. */
export async function signInAndAgree(server: TestServer, client_id: string, decision: 'allow' | 'deny' = 'allow') {
  const query = await authorizationQuery(client_id)
  const url = await createPerson(server, { decision }).visit(`${server.issuer}/oauth/authorize?${query}`)
  return url.searchParams.get('code') ?? ''
}

export function later(server: TestServer, seconds: number): void {
  server.clock.now += seconds
}

export const lines = (text: string): readonly string[] =>
  text.split('\n').map((line) =>
    line
      .replace(/request \S+?(?=[,)])/g, 'request ID')
      .replace(/[\w-]{22}(?= {2})/, 'CLIENT')
      .trimEnd(),
  )
