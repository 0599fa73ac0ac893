/**
 * Our authorization server and our protected MCP server, both of which want proofs with nonces of theirs, and whoever uses them.
 *
 * @module
 */
import { createSession, type Session, type SessionEvent, type SessionOptions } from '../../client/index.ts'
import type { ConfigInput } from '../../server/config.ts'
import { type DpopOptions, protectResource, type ResourceEvent } from '../../server/resource/index.ts'
import { createTestServer } from './authorization-server.ts'
import { person as attended } from './client.ts'
import { handleWithV1 } from './fake-mcp-server.ts'
import { createPerson } from './person.ts'

/** A request that one of the servers got. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly scheme: string | undefined
  readonly token: string
  readonly form: URLSearchParams
  /** What the proof says; nothing of it is believed here. */
  readonly proof: { readonly jwk?: unknown; readonly nonce?: unknown; readonly iat?: number } | undefined
  readonly status: number
}

export interface DpopFlowOptions {
  readonly issuer?: string
  readonly resource?: string
  readonly server?: Pick<ConfigInput, 'dpop' | 'refresh'>
  /** What the authorization server demands for the resource. */
  readonly demand?: 'optional' | 'required' | 'nonce'
  readonly endpoint?: DpopOptions
}

const SCOPES = { 'notes:read': 'Read your notes', 'notes:write': 'Write notes' }

export async function createDpopFlow(options: DpopFlowOptions = {}) {
  const { issuer = 'https://auth.example', resource = 'https://mcp.example/mcp', demand = 'nonce' } = options
  const server = await createTestServer({
    issuer,
    resources: [{ identifier: resource, name: 'Notes', scopes: SCOPES, dpop: demand }],
    dpop: { nonce: 'required' },
    ...options.server,
  })
  const reports: ResourceEvent[] = []
  const now = (): number => server.clock.now
  const notes = protectResource({
    resource,
    authorizationServers: [issuer],
    scopes: ['notes:read'],
    toolScopes: { greet: ['notes:read'], write: ['notes:write'] },
    dpop: { required: true, requireNonce: true, ...options.endpoint },
    fetch: (input, init) => server.fetch(input, init),
    isRevoked: async (claims) => !(await server.as.isLive(claims)),
    now,
    report: (event) => reports.push(event),
  })
  const serve = notes.serve((request) => handleWithV1(request))
  const sent: Sent[] = []

  /** What a socket does beside handing requests on: it says what time it is. */
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const { origin } = new URL(request.url)
    const known = [issuer, resource].some((url) => new URL(url).origin === origin)
    const body = request.method === 'POST' ? await request.clone().text() : ''
    const handle = notes.owns(request) ? serve : server.fetch
    const answer = known ? await handle(request) : new Response(null, { status: 404 })
    answer.headers.set('date', new Date(now() * 1000).toUTCString())
    const [scheme, token = ''] = request.headers.get('authorization')?.split(' ') ?? []
    const { method, url } = request
    const proof = claimsOf(request.headers.get('dpop'))
    sent.push({ method, url, scheme, token, form: new URLSearchParams(body), proof, status: answer.status })
    return answer
  }

  const person = createPerson({ ...server, fetch })
  const events: SessionEvent[] = []
  const interaction = attended(async (url) => (await person.visit(url)).href)
  const session = (own: SessionOptions = {}): Session =>
    createSession(resource, { fetch, now, interaction, onEvent: (event) => events.push(event), ...own })
  return {
    server,
    person,
    session,
    fetch,
    events,
    reports,
    sent,
    clock: server.clock,
    resource,
    at: (url: string): readonly Sent[] => sent.filter((one) => one.url === url),
    tokenEndpoint: `${issuer}/oauth/token`,
    close: () => server.close(),
  }
}

export type DpopFlow = Awaited<ReturnType<typeof createDpopFlow>>

function claimsOf(proof: string | null): Sent['proof'] {
  if (proof === null) return undefined
  const [header = '', claims = ''] = proof.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { ...read(claims), jwk: read(header).jwk }
}
