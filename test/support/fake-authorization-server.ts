/**
 * A foreign authorization server and a protected MCP endpoint, in process, behind an injected `fetch`. Everything works by default;
 * a test breaks the one thing that it is about with `on(...)`.
 *
 * @module
 */
import { formatChallenge } from '../../shared/challenge.ts'
import { s256 } from '../../shared/pkce.ts'
import { formatScope, parseScope } from '../../shared/scope.ts'

export interface RecordedRequest {
  readonly method: string
  /** Without query. */
  readonly url: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly redirect: string
  readonly body: string
  /** The body as a form. */
  readonly form: URLSearchParams
}

type Answer = Response | Promise<Response>
type Handler = (request: RecordedRequest, original: Request) => Answer
type Json = Record<string, unknown>

export interface FakeOptions {
  readonly resource?: string
  readonly issuer?: string
  /** What `resource` says in the metadata. */
  readonly declaredResource?: string
  readonly resourceMetadata?: Json
  readonly serverMetadata?: Json
  /** Scopes that the 401 names. */
  readonly challengeScope?: string
  /** Whether the 401 says where the metadata is. Default true. */
  readonly hint?: boolean
  readonly expiresIn?: number
  readonly refreshTokens?: boolean
}

interface Token {
  readonly scope: readonly string[]
  readonly expiresAt: number
}

export type FakeWorld = ReturnType<typeof fakeWorld>

/** `Headers`, because Deno 2.9 drops a plain record when the response is cloned before anyone has read it. */
export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: new Headers({ 'content-type': 'application/json', ...headers }),
  })

export const oauthError = (error: string, status = 400, description?: string): Response =>
  json({ error, ...(description !== undefined && { error_description: description }) }, status)

/** Builds the world. `clock.now` is its time and moves only by hand. */
export function fakeWorld(options: FakeOptions = {}) {
  const resource = options.resource ?? 'https://mcp.example.com/mcp'
  const issuer = options.issuer ?? 'https://as.example.com'
  const as = `${new URL(issuer).origin}${new URL(issuer).pathname.replace(/\/$/, '')}`
  const clock = { now: 1_000_000 }
  const requests: RecordedRequest[] = []
  const handlers = new Map<string, Handler>()
  const tokens = new Map<string, Token>()
  const refreshTokens = new Map<string, { used: boolean; readonly scope: readonly string[] }>()
  const codes = new Map<string, { readonly challenge: string; readonly scope: readonly string[]; used: boolean }>()
  /** What the MCP endpoint wants, beside a valid token. */
  const mcp = { scope: [] as readonly string[], handle: (_request: Request): Answer => json({ ok: true }) }
  let serial = 0
  const next = (kind: string): string => {
    serial += 1
    return `${kind}-${serial}`
  }

  const { origin, pathname } = new URL(resource)
  const metadataUrl = `${origin}/.well-known/oauth-protected-resource${pathname.replace(/\/$/, '')}`

  const issue = (scope: readonly string[]): Response => {
    const [accessToken, refreshToken] = [next('access'), next('refresh')]
    tokens.set(accessToken, { scope, expiresAt: clock.now + (options.expiresIn ?? 900) })
    const renewable = options.refreshTokens ?? true
    if (renewable) refreshTokens.set(refreshToken, { used: false, scope })
    const answer = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: options.expiresIn ?? 900,
      scope: formatScope(scope),
    }
    return json(renewable ? { ...answer, refresh_token: refreshToken } : answer)
  }

  const redeemCode = async ({ form }: RecordedRequest): Promise<Response> => {
    const code = codes.get(form.get('code') ?? '')
    if (code === undefined || code.used) return oauthError('invalid_grant')
    code.used = true
    const verified = (await s256(form.get('code_verifier') ?? '')) === code.challenge
    return verified ? issue(code.scope) : oauthError('invalid_grant')
  }

  /** Strict: a token that is used twice is dead for ever. */
  const rotate = ({ form }: RecordedRequest): Response => {
    const token = refreshTokens.get(form.get('refresh_token') ?? '')
    if (token === undefined || token.used) return oauthError('invalid_grant')
    token.used = true
    return issue(token.scope)
  }

  const authorize = ({ query }: RecordedRequest): Response => {
    const code = next('code')
    codes.set(code, {
      challenge: query.get('code_challenge') ?? '',
      scope: parseScope(query.get('scope') ?? ''),
      used: false,
    })
    const callback = new URL(query.get('redirect_uri') ?? '')
    callback.searchParams.set('code', code)
    callback.searchParams.set('state', query.get('state') ?? '')
    callback.searchParams.set('iss', issuer)
    return new Response(null, { status: 302, headers: { location: callback.href } })
  }

  const protect = (request: Request): Answer => {
    const bearer = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    const token = bearer === undefined ? undefined : tokens.get(bearer)
    const hint = (options.hint ?? true) ? metadataUrl : undefined
    if (token === undefined || token.expiresAt <= clock.now) {
      const error = bearer === undefined ? undefined : 'invalid_token'
      return challenge(401, { error, scope: options.challengeScope, resource_metadata: hint })
    }
    if (!mcp.scope.every((scope) => token.scope.includes(scope))) {
      return challenge(403, { error: 'insufficient_scope', scope: mcp.scope.join(' '), resource_metadata: hint })
    }
    return mcp.handle(request)
  }

  const defaults = new Map<string, Handler>([
    [
      `GET ${metadataUrl}`,
      () =>
        json({
          resource: options.declaredResource ?? resource,
          authorization_servers: [issuer],
          ...options.resourceMetadata,
        }),
    ],
    [
      `GET ${new URL(issuer).origin}/.well-known/oauth-authorization-server${new URL(issuer).pathname.replace(/\/$/, '')}`,
      () =>
        json({
          issuer,
          authorization_endpoint: `${as}/authorize`,
          token_endpoint: `${as}/token`,
          registration_endpoint: `${as}/register`,
          revocation_endpoint: `${as}/revoke`,
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
          authorization_response_iss_parameter_supported: true,
          ...options.serverMetadata,
        }),
    ],
    [`POST ${as}/register`, ({ body }) => json({ ...JSON.parse(body), client_id: next('client') }, 201)],
    [`GET ${as}/authorize`, authorize],
    [
      `POST ${as}/token`,
      (request) => (request.form.get('grant_type') === 'refresh_token' ? rotate(request) : redeemCode(request)),
    ],
    [
      `POST ${as}/revoke`,
      ({ form }) => {
        tokens.delete(form.get('token') ?? '')
        refreshTokens.delete(form.get('token') ?? '')
        return new Response(null, { status: 200 })
      },
    ],
  ])

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    request.signal.throwIfAborted()
    const asked = new URL(request.url)
    const url = `${asked.origin}${asked.pathname}`
    const body = request.method === 'GET' || request.method === 'HEAD' ? '' : await request.clone().text()
    const recorded = {
      method: request.method,
      url,
      query: asked.searchParams,
      headers: request.headers,
      redirect: request.redirect,
      body,
      form: new URLSearchParams(body),
    }
    requests.push(recorded)
    const handler = handlers.get(`${request.method} ${url}`) ?? defaults.get(`${request.method} ${url}`)
    if (handler !== undefined) return handler(recorded, request)
    return url === resource || url.startsWith(`${resource}/`) ? protect(request) : new Response(null, { status: 404 })
  }

  return {
    resource,
    issuer,
    as,
    metadataUrl,
    serverMetadataUrl: [...defaults.keys()][1]?.slice('GET '.length) ?? '',
    clock,
    now: (): number => clock.now,
    fetch,
    requests,
    mcp,
    tokens,
    refreshTokens,
    /** Replaces the answer of `METHOD url`; without a handler the default is back. */
    on(method: string, url: string, handler?: Handler): void {
      if (handler === undefined) handlers.delete(`${method} ${url}`)
      else handlers.set(`${method} ${url}`, handler)
    },
    /** The default answer of `METHOD url`, for handlers that change only a part. */
    async usual(method: string, url: string, request: RecordedRequest, original: Request): Promise<Response> {
      return (await defaults.get(`${method} ${url}`)?.(request, original)) ?? new Response(null, { status: 404 })
    },
    /** Every recorded request of `METHOD url`. */
    sent: (method: string, url: string): readonly RecordedRequest[] =>
      requests.filter((request) => request.method === method && request.url === url),
    /** Ends every access token, as a server does that was restarted. */
    forgetAccessTokens: (): void => tokens.clear(),
  }
}

function challenge(status: number, params: Record<string, string | undefined>): Response {
  return new Response(null, { status, headers: { 'www-authenticate': formatChallenge('Bearer', params) } })
}
