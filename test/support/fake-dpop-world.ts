/**
 * The fake world with DPoP at both ends. Proofs are judged with `jose` and by hand, not by the code under test.
 *
 * @see RFC 9449 section 4.3
 * @module
 */
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { type FakeOptions, fakeWorld, json } from './fake-authorization-server.ts'

/** A request as it left the client, with what its proof says. */
export interface SeenRequest {
  readonly at: 'server' | 'resource'
  readonly method: string
  readonly url: string
  readonly authorization: string | null
  readonly body: string
  readonly proof: { readonly header: Readonly<Record<string, unknown>>; readonly claims: JWTPayload } | undefined
  /** Thumbprint of the proof's key. */
  readonly jkt: string | undefined
}

/** One side, to be changed by tests. */
interface Side {
  /** Demanded, and told with a refusal. */
  nonce: string | undefined
  /** Told with a success. */
  next: string | undefined
  /** Its clock is so much ahead of the client's, in seconds. */
  ahead: number
  /** The status of a refusal. */
  status: number
  /** It judges proofs. Otherwise it has never heard of DPoP. */
  knows: boolean
}

export type DpopWorld = ReturnType<typeof dpopWorld>

const TOLERANCE = 60

export function dpopWorld(options: FakeOptions & { readonly algs?: readonly string[] } = {}) {
  const { algs = ['ES256'] } = options
  const world = fakeWorld({
    ...options,
    serverMetadata: { dpop_signing_alg_values_supported: algs, ...options.serverMetadata },
  })
  const seen: SeenRequest[] = []
  const used = new Set<string>()
  /** Thumbprint by access token, refresh token and code. */
  const bound = new Map<string, string>()
  const side = (status: number): Side => ({ nonce: undefined, next: undefined, ahead: 0, status, knows: true })
  const server = { ...side(400), tokenType: 'DPoP' }
  const resource = side(401)

  /** What is wrong with the proof of a request; `undefined`: nothing. */
  const judge = (request: SeenRequest, { nonce, ahead }: Side, token?: string): string | undefined => {
    const { header, claims } = request.proof ?? {}
    if (header === undefined || claims === undefined) return 'invalid_dpop_proof'
    const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
    const { jti = '', iat = 0 } = claims
    const good =
      header['typ'] === 'dpop+jwt' &&
      algs.includes(String(header['alg'])) &&
      !Object.keys(Object(header['jwk'])).some((member) => ['d', 'p', 'q', 'k'].includes(member)) &&
      claims['htm'] === request.method &&
      claims['htu'] === request.url.replace(/[?#].*/, '') &&
      claims['ath'] === ath &&
      Math.abs(world.clock.now + ahead - iat) <= TOLERANCE &&
      jti.length > 16 &&
      !used.has(jti)
    used.add(jti)
    if (!good) return 'invalid_dpop_proof'
    return nonce !== undefined && claims['nonce'] !== nonce ? 'use_dpop_nonce' : undefined
  }

  const headersOf = ({ nonce, next, ahead }: Side, refused: boolean): Record<string, string> => {
    const told = refused ? nonce : next
    const date = { date: new Date((world.clock.now + ahead) * 1000).toUTCString() }
    return told === undefined ? date : { ...date, 'dpop-nonce': told }
  }

  const atServer = async (request: SeenRequest, original: Request): Promise<Response> => {
    const form = new URLSearchParams(request.body)
    const error = request.proof === undefined ? undefined : judge(request, server)
    if (error !== undefined) return json({ error }, server.status, headersOf(server, true))
    const holder = bound.get(form.get('refresh_token') ?? form.get('code') ?? '')
    if (holder !== undefined && holder !== request.jkt) return json({ error: 'invalid_grant' }, 400)
    const answer = await world.fetch(original)
    if (answer.status !== 200 || request.jkt === undefined || server.tokenType !== 'DPoP') return answer
    const tokens = await answer.json()
    bound.set(tokens.access_token, request.jkt)
    if (tokens.refresh_token !== undefined) bound.set(tokens.refresh_token, request.jkt)
    return json({ ...tokens, token_type: server.tokenType }, 200, headersOf(server, false))
  }

  const atResource = async (request: SeenRequest, original: Request): Promise<Response> => {
    const [, scheme, token = ''] = /^(\w+) (.+)$/.exec(request.authorization ?? '') ?? []
    const refuse = (error: string) => {
      const challenge = `DPoP algs="${algs.join(' ')}", error="${error}"`
      return json({}, resource.status, { ...headersOf(resource, true), 'www-authenticate': challenge })
    }
    if (scheme === 'DPoP') {
      const error = judge(request, resource, token)
      if (error !== undefined) return refuse(error)
      if (bound.get(token) !== request.jkt) return refuse('invalid_token')
      original.headers.set('authorization', `Bearer ${token}`)
    } else if (bound.has(token)) return refuse('invalid_token')
    const answer = await world.fetch(original)
    for (const [name, value] of Object.entries(headersOf(resource, false))) answer.headers.set(name, value)
    if (answer.status === 401 || answer.status === 403) {
      const challenge = answer.headers.get('www-authenticate') ?? ''
      answer.headers.set('www-authenticate', `${challenge}, ${challenge.replace('Bearer', 'DPoP')}`)
    }
    return answer
  }

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const isServer = request.url === `${world.as}/token`
    const isResource = request.url.startsWith(world.resource)
    if (!isServer && !isResource) return remembering(request, await world.fetch(request))
    const body = await request.clone().text()
    const value = request.headers.get('dpop')
    const verified = value === null ? undefined : await jwtVerify(value, EmbeddedJWK, { currentDate: new Date(0) })
    const one: SeenRequest = {
      at: isServer ? 'server' : 'resource',
      method: request.method,
      url: request.url,
      authorization: request.headers.get('authorization'),
      body,
      proof: verified && { header: { ...verified.protectedHeader }, claims: verified.payload },
      jkt: verified && (await thumbprint(verified.protectedHeader.jwk)),
    }
    seen.push(one)
    const handle = isServer ? atServer : atResource
    return (isServer ? server : resource).knows ? handle(one, request) : world.fetch(request)
  }

  /** The code of an authorization request belongs to the key that it named. */
  const remembering = (request: Request, answer: Response): Response => {
    const jkt = new URL(request.url).searchParams.get('dpop_jkt')
    const code = URL.parse(answer.headers.get('location') ?? '')?.searchParams.get('code')
    if (jkt !== null && code != null) bound.set(code, jkt)
    return answer
  }

  return {
    ...world,
    fetch,
    seen,
    server,
    /** The MCP endpoint's side. `resource` is its URL, as in every world. */
    endpoint: resource,
    /** What was sent to one side since `from`. */
    at: (which: SeenRequest['at'], from = 0): readonly SeenRequest[] =>
      seen.slice(from).filter(({ at }) => at === which),
    /** The `dpop_jkt` of the last authorization request. */
    jktAsked: (): string | null => world.sent('GET', `${world.as}/authorize`).at(-1)?.query.get('dpop_jkt') ?? null,
  }
}

async function thumbprint(jwk: JWK | undefined): Promise<string | undefined> {
  return jwk && calculateJwkThumbprint(jwk)
}
