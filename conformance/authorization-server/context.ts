/**
 * What the checks of an authorization server share: its metadata, clients to ask with, and the steps of a flow, each of which a check can
 * take with one thing changed.
 *
 * @module
 */
import { s256 } from '../../shared/pkce.ts'
import { formatScope } from '../../shared/scope.ts'
import { insertWellKnown, OAUTH_PROTECTED_RESOURCE } from '../../shared/well-known.ts'
import { Skip, skip } from '../core/check.ts'
import type { Answer, Form, HeaderRecord, Http } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'
import type { Landing, Visit } from '../core/visit.ts'
import { type Client, type ClientSource, type Clients, createClients } from './clients.ts'
import { type Found, locateMetadata } from './locate.ts'

/** Publishes documents where the server under test can read them, for client ids that are URLs. Paths begin with a slash. */
export interface DocumentHost {
  /** Puts a document at a path. Returns its URL. */
  readonly publish: PublishDocument
  /** At `path` stands a redirect to `target`, where the document of `path` is. Default: what needs it is skipped. */
  readonly publishRedirect?: (path: string, target: string, document: (url: string) => unknown) => Promise<string>
  /** At an http URL of another machine than the server's. Default: what needs it is skipped. */
  readonly publishInsecurely?: PublishDocument
  /** At an address of the server's network that is not public. Default: what needs it is skipped. */
  readonly publishPrivately?: PublishDocument
  /** Whether somebody has read what stands at a path. */
  readonly wasAsked?: (path: string) => boolean
}

/** `document`: what stands there, told the URL at which it will be. */
type PublishDocument = (path: string, document: (url: string) => unknown) => Promise<string>

export interface AuthorizationServerOptions extends ClientSource {
  /** As the server itself spells it. */
  readonly issuer: string
  /** What tokens are asked for (RFC 8707). Default: the first of the metadata's `protected_resources`. */
  readonly resource?: string | undefined
  /** Default: what the resource's metadata or the server's offers first. */
  readonly scope?: string | undefined
  /** A client that may ask about tokens. Default: the one with a secret. */
  readonly introspector?: { readonly id: string; readonly secret: string } | undefined
  /** Default: such that no person is needed, or nothing is done. */
  readonly visit: Visit
  /** Whether a person is asked, so that visits that lead nowhere cost time. */
  readonly isAttended?: boolean
  readonly documents?: DocumentHost | undefined
  /** Lets time pass, as long as it takes for what is short-lived to grow old. Default: nothing is waited for. */
  readonly untilStale?: (() => Promise<void>) | undefined
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** A code, and all that belongs to it. */
export interface Code {
  readonly value: string
  readonly client: Client
  readonly redirectUri: string
  readonly verifier: string
}

export interface Tokens {
  readonly client: Client
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly answer: Answer
}

/** Parameters over the right ones; `undefined` leaves one out. */
export type Changes = Form

export interface AsContext {
  readonly http: Http
  readonly options: AuthorizationServerOptions
  readonly clients: Clients
  /** Looks for the metadata, and says what was found where. */
  readonly locate: () => Promise<Found>
  /** The metadata. Skips where there are none. */
  readonly metadata: () => Promise<Readonly<Record<string, unknown>>>
  /** A member that is a list of strings, or undefined. */
  readonly listed: (member: string) => Promise<readonly string[] | undefined>
  /** The URL of an endpoint. Skips where the metadata name none. */
  readonly endpoint: (name: EndpointName) => Promise<string>
  /** What is asked for: resource and scope, as far as they are known. */
  readonly wanted: () => Promise<{ readonly resource?: string; readonly scope?: string }>
  readonly authorizationUrl: (changes?: Changes, client?: Client) => Promise<string>
  /** A good authorization request, with changes. */
  readonly authorize: (changes?: Changes, client?: Client) => Promise<Landing>
  /** The same without a person: enough where the request is to be refused. Skips where a person is asked first. */
  readonly tryAuthorize: (changes: Changes, client?: Client) => Promise<Landing>
  /** Skips where none is given. */
  readonly code: (changes?: Changes, client?: Client) => Promise<Code>
  /** Every code that was given so far. */
  readonly codes: readonly string[]
  readonly redeem: (code: Code, changes?: Changes, headers?: HeaderRecord) => Promise<Answer>
  /** New tokens. Skips where there are none. */
  readonly freshTokens: (changes?: Changes, client?: Client) => Promise<Tokens>
  /** Tokens that several checks look at and none uses up. */
  readonly tokens: () => Promise<Tokens>
  readonly refresh: (tokens: Tokens, changes?: Changes, headers?: HeaderRecord) => Promise<Answer>
  /** New tokens with a refresh token among them. */
  readonly refreshable: () => Promise<Tokens & { readonly refreshToken: string }>
}

export type EndpointName =
  | 'authorization_endpoint'
  | 'token_endpoint'
  | 'registration_endpoint'
  | 'revocation_endpoint'
  | 'introspection_endpoint'
  | 'jwks_uri'

export const VERIFIER = 'conformance-verifier-conformance-verifier-43'
export const STATE = 'State with + & = % and Capitals'

export function createAsContext(http: Http, options: AuthorizationServerOptions): AsContext {
  const locate = once(() => locateMetadata(http, options.issuer))
  const metadata = once(async () => {
    const found = await locate().catch((error: unknown) => {
      throw error instanceof Trouble ? new Skip('the server cannot be reached') : error
    })
    return found.metadata ?? skip('there are no metadata')
  })
  const listed: AsContext['listed'] = async (member) => toStrings((await metadata())[member])
  const endpoint: AsContext['endpoint'] = async (name) => {
    const url = (await metadata())[name]
    return typeof url === 'string' && URL.canParse(url) ? url : skip(`the metadata name no ${name}`)
  }
  const wanted = once(() => findWanted(http, options, listed))
  const clients = createClients({ http, source: options, listed, endpoint })

  const authorizationUrl: AsContext['authorizationUrl'] = async (changes = {}, client) => {
    const { id, redirectUri } = client ?? (await clients.main())
    const url = new URL(await endpoint('authorization_endpoint'))
    const params: Form = {
      response_type: 'code',
      client_id: id,
      redirect_uri: redirectUri,
      // A visit must not be taken for another one.
      state: crypto.randomUUID(),
      code_challenge: await s256(VERIFIER),
      code_challenge_method: 'S256',
      ...(await wanted()),
      ...changes,
    }
    for (const [name, value] of Object.entries(params)) {
      for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one)
    }
    return url.href
  }

  const redirectUriOf = async (changes: Changes, client?: Client): Promise<string> =>
    typeof changes['redirect_uri'] === 'string'
      ? changes['redirect_uri']
      : (client ?? (await clients.main())).redirectUri

  const authorize: AsContext['authorize'] = async (changes = {}, client) =>
    options.visit(await authorizationUrl(changes, client), await redirectUriOf(changes, client))

  const tryAuthorize: AsContext['tryAuthorize'] = async (changes, client) => {
    const landing = await authorize(changes, client)
    return landing.kind === 'page'
      ? skip('the server asks a person to sign in before it judges the request; open a browser (--browser)')
      : landing
  }

  const codes: string[] = []
  const code: AsContext['code'] = async (changes = {}, client) => {
    const landing = await authorize(changes, client)
    const value = landing.kind === 'callback' ? landing.url.searchParams.get('code') : null
    // What was granted before and now ends in a failure is no reason to look away.
    if (value === null) skipUnlessBroken(whyNoCode(landing), codes.length > 0 ? landing.answer : undefined)
    codes.push(value)
    const asked = client ?? (await clients.main())
    return { value, client: asked, redirectUri: await redirectUriOf(changes, client), verifier: VERIFIER }
  }

  const postToken = async (client: Client, form: Form, headers: HeaderRecord): Promise<Answer> =>
    http.postForm(
      await endpoint('token_endpoint'),
      { ...client.credentials.form, ...form },
      {
        ...client.credentials.headers,
        ...headers,
      },
    )

  const redeem: AsContext['redeem'] = async ({ value, client, redirectUri, verifier }, changes = {}, headers = {}) => {
    const { resource } = await wanted()
    const form = { grant_type: 'authorization_code', code: value, redirect_uri: redirectUri, code_verifier: verifier }
    return postToken(client, { ...form, resource, ...changes }, headers)
  }

  let hasRedeemed = false
  const freshTokens: AsContext['freshTokens'] = async (changes = {}, client) => {
    const from = await code(changes, client)
    const answer = await redeem(from)
    const isNew = !hasRedeemed
    hasRedeemed ||= answer.status === 200
    const why = `no token is given for a code: ${answer.summary}`
    return toTokens(from.client, answer) ?? skipUnlessBroken(why, isNew ? undefined : answer)
  }

  const refresh: AsContext['refresh'] = async ({ client, refreshToken }, changes = {}, headers = {}) => {
    const { resource } = await wanted()
    return postToken(
      client,
      { grant_type: 'refresh_token', refresh_token: refreshToken, resource, ...changes },
      headers,
    )
  }

  return {
    http,
    options,
    clients,
    locate,
    metadata,
    listed,
    endpoint,
    wanted,
    authorizationUrl,
    authorize,
    tryAuthorize,
    code,
    codes,
    redeem,
    freshTokens,
    tokens: once(freshTokens),
    refresh,
    refreshable: async () => {
      const tokens = await freshTokens()
      return { ...tokens, refreshToken: tokens.refreshToken ?? skip('the server gives no refresh token') }
    },
  }
}

/** The tokens in an answer, if it is one. */
export function toTokens(client: Client, answer: Answer): Tokens | undefined {
  const { access_token: accessToken, refresh_token: refreshToken } = answer.json
  if (answer.status !== 200 || typeof accessToken !== 'string') return undefined
  return { client, accessToken, refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined, answer }
}

/** Skips, unless the server broke at what it could do before. */
function skipUnlessBroken(reason: string, answer: Answer | undefined): never {
  if (answer === undefined || answer.status < 500) skip(reason)
  throw new Trouble(`the server fails at what it did before: ${answer.summary}`, {
    mend: 'Look at the log of the server. Something may have run full in the course of the checks: connections, memory, a table.',
    answer,
  })
}

export function whyNoCode(landing: Landing): string {
  if (landing.kind === 'page') {
    return 'the server waits for a person to sign in: open a browser (--browser), or start the server such that none is needed (--dev-login)'
  }
  if (landing.kind === 'refused')
    return `the authorization request is refused: ${landing.answer?.summary ?? 'no answer came'}`
  return `the authorization request is refused: ${landing.url.searchParams.get('error') ?? 'no code came'}`
}

const toStrings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined

/** Scopes that say something about the person or the session, not about a resource. */
const GENERAL_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']

async function findWanted(
  http: Http,
  options: AuthorizationServerOptions,
  listed: AsContext['listed'],
): Promise<{ readonly resource?: string; readonly scope?: string }> {
  const resource = options.resource ?? (await listed('protected_resources'))?.[0]
  const offered = (await listed('scopes_supported')) ?? []
  const known = resource === undefined ? undefined : await scopesOf(http, resource)
  const first = (known ?? offered.filter((scope) => !GENERAL_SCOPES.includes(scope))).slice(0, 1)
  const scope = options.scope ?? formatScope([...first, ...offered.filter((one) => one === 'offline_access')])
  return { ...(resource === undefined ? {} : { resource }), ...(scope === '' ? {} : { scope }) }
}

async function scopesOf(http: Http, resource: string): Promise<readonly string[] | undefined> {
  if (!URL.canParse(resource)) return undefined
  const answer = await http.get(insertWellKnown(resource, OAUTH_PROTECTED_RESOURCE)).catch(() => undefined)
  return toStrings(answer?.json['scopes_supported'])
}
