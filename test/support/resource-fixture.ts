/**
 * A protected notes resource with its issuer, a clock that tests move, and a record of what was reported.
 *
 * @module
 */
import {
  type AuthInfo,
  type ProtectedResource,
  protectResource,
  type ResourceEvent,
  type ResourceOptions,
} from '../../server/resource/index.ts'
import { type Challenge, findChallenge } from '../../shared/challenge.ts'
import { createTokenIssuer, type TokenIssuer } from './token-issuer.ts'

export const RESOURCE = 'https://mcp.example/mcp'
export const ISSUER = 'https://auth.example'
export const METADATA_URL = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

export interface ResourceFixture {
  readonly clock: { now: number }
  readonly issuer: TokenIssuer
  readonly notes: ProtectedResource
  readonly events: ResourceEvent[]
  /** Sends a request to the endpoint, or to another URL. */
  send(init?: RequestInit, url?: string): Promise<Response | AuthInfo>
  /** Sends a token with a JSON-RPC message. */
  post(token: string, message: unknown): Promise<Response | AuthInfo>
}

export async function createResourceFixture(options: Partial<ResourceOptions> = {}): Promise<ResourceFixture> {
  const clock = { now: 1_800_000_000 }
  const now = (): number => clock.now
  const issuer = await createTokenIssuer({ issuer: ISSUER, audience: RESOURCE, now })
  const events: ResourceEvent[] = []
  const notes = protectResource({
    resource: RESOURCE,
    authorizationServers: [ISSUER],
    scopes: ['notes:read', 'notes:write'],
    scopeHierarchy: { 'notes:write': ['notes:read'], 'notes:admin': ['notes:write'] },
    toolScopes: { notes_list: ['notes:read'], notes_add: ['notes:write'], notes_clear: ['notes:admin'] },
    fetch: issuer.fetch,
    now,
    report: (event) => events.push(event),
    ...options,
  })
  const send: ResourceFixture['send'] = (init, url = RESOURCE) => notes.handle(new Request(url, init))
  const post: ResourceFixture['post'] = (token, message) =>
    send({
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    })
  return { clock, issuer, notes, events, send, post }
}

/** A `tools/call` message. */
export function toolCall(name: unknown, args: Record<string, unknown> = {}): Record<string, unknown> {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
}

/** The response, or an error when the request was let through. */
export function refused(outcome: Response | AuthInfo): Response {
  if (!(outcome instanceof Response)) throw new Error('the request was let through')
  return outcome
}

/** Who called, or an error when the request was answered instead. */
export function admitted(outcome: Response | AuthInfo): AuthInfo {
  if (outcome instanceof Response) throw new Error(`the request was answered with ${outcome.status}`)
  return outcome
}

/** The parameters of the one Bearer challenge. */
export function bearerChallenge(response: Response): Challenge['params'] {
  const challenge = findChallenge(response.headers.get('www-authenticate'), 'Bearer')
  if (challenge === undefined) throw new Error('there is no Bearer challenge')
  return challenge.params
}
