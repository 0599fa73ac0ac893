/**
 * The whole way to tokens over HTTP alone, with a person at the pages: for servers that are processes of their own.
 *
 * @module
 */
import { authorizationQuery, codeForm, postForm, registerClient, type Tokens } from './authorization-server.ts'
import type { Person } from './person.ts'

/** Any number of processes that answer as one server. */
export interface Served {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
}

/** Sends each request to the next of them. */
export function roundRobin(servers: readonly Served[]): Served {
  let turn = 0
  return {
    fetch(input, init) {
      const server = servers[turn++ % servers.length]
      if (server === undefined) throw new Error('there is no server')
      return server.fetch(input, init)
    },
  }
}

/** A code that `person` agreed to. */
export async function authorize(issuer: string, person: Person, clientId: string): Promise<string> {
  const callback = await person.visit(`${issuer}/oauth/authorize?${await authorizationQuery(clientId)}`)
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${callback.searchParams.get('error')}`)
  return code
}

export const redeem = (server: Served, clientId: string, code: string): Promise<Response> =>
  postForm(server, '/oauth/token', codeForm(clientId, code))

export const refresh = (server: Served, clientId: string, token: string): Promise<Response> =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token: token, client_id: clientId })

/** The tokens in an answer that must be 200. */
export async function tokensOf(answer: Response): Promise<Tokens> {
  if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** Registers, signs in, agrees, redeems, and refreshes so many times. */
export async function wholeFlow(server: Served, issuer: string, person: Person, refreshes = 3): Promise<Tokens> {
  const { client_id } = await registerClient(server)
  let tokens = await tokensOf(await redeem(server, client_id, await authorize(issuer, person, client_id)))
  for (let time = 0; time < refreshes; time += 1)
    tokens = await tokensOf(await refresh(server, client_id, tokens.refresh_token))
  return tokens
}
