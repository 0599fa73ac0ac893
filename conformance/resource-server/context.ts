/**
 * What the checks of a resource server share: what it says of itself, a request to it, and tokens, good ones and ones that are wrong.
 *
 * @see RFC 9728 section 3.1
 * @module
 */
import { findChallenge, parseChallenges } from '../../shared/challenge.ts'
import { type Check, skip } from '../core/check.ts'
import type { Answer, HeaderRecord, Http } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'
import { type Members, type ReadJws, readJwt } from '../jose/jws.ts'
import { buildProof, hashOf } from '../jose/proof.ts'
import { isElsewhere } from './first-answer.ts'
import { type FoundResource, locateResource, metadataOfServer } from './locate.ts'
import { DISCOVER, INITIALIZE, isAccepted, isAnswered, type Message, toolCall } from './messages.ts'
import type { TokenSource } from './obtain-token.ts'
import { createTokens, type Tokens } from './tokens.ts'

/** The key of an authorization server that the resource server believes, for tokens of every kind. */
export interface Signer {
  readonly key: CryptoKey
  readonly alg: string
  readonly kid: string
}

export interface ResourceServerOptions {
  /** The URL of the MCP endpoint, as it is given to hosts. */
  readonly url: string
  /** A token that the server accepts. Not used where there is a signer. */
  readonly token?: string | undefined
  /** Asked for, where no token is given. Default: what the server says in its challenge. */
  readonly scope?: string | undefined
  /** Where others come from. */
  readonly source?: TokenSource | undefined
  /** Of a deployment for tests: lets the checks make tokens that are wrong in one place. */
  readonly signer?: Signer | undefined
  /** Another resource of the same authorization server, for tokens that are not for this one. Default: what its metadata list. */
  readonly otherResource?: string | undefined
  /** A tool that needs a scope which a token without scopes does not have. It must be harmless to call it. */
  readonly tool?: string | undefined
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** What a client knows once it has found the metadata. */
export interface About {
  readonly issuer: string
  readonly resource: string
  readonly scope: string | undefined
}

export type Credentials = Readonly<{ authorization: string; dpop?: string }>

export interface RsContext extends Tokens {
  readonly http: Http
  readonly options: ResourceServerOptions
  /** A request without a token. */
  readonly challenge: () => Promise<Answer>
  /** Skips where something else than an MCP server answers. */
  readonly endpoint: () => Promise<void>
  readonly locate: () => Promise<FoundResource>
  /** The metadata, with the answer they came in. Skips where there are none. */
  readonly metadata: () => Promise<{ readonly members: Members; readonly answer: Answer }>
  readonly about: () => Promise<About>
  /** An MCP message with these headers. Default: one that the server was seen to understand, or that most do. */
  readonly send: (headers?: HeaderRecord, message?: Message, url?: string) => Promise<Answer>
  /** What shows a token: the scheme Bearer, or a proof too where tokens count with one only. The proof is right, whatever the token is. */
  readonly credentials: (token: string) => Promise<Credentials>
  readonly sendToken: (token: string, message?: Message) => Promise<Answer>
  /** What comes of it, with the first message that the server answers. */
  readonly welcome: () => Promise<Answer>
  /** Skips unless the good token is accepted: otherwise a refusal of another one says nothing. */
  readonly welcomed: () => Promise<void>
  /** Calls a tool, in a session of its own where the server has sessions. */
  readonly callTool: (token: string, name: string) => Promise<{ readonly answer: Answer; readonly isAnswered: boolean }>
  /** A good token, read. Skips where it is opaque. */
  readonly jwt: () => Promise<ReadJws & { readonly token: string }>
  /** The public keys of the issuer. */
  readonly keys: () => Promise<readonly Members[]>
}

export type RsCheck = Check<RsContext>

export function createRsContext(http: Http, options: ResourceServerOptions): RsContext {
  const { url, now } = options
  let hello = INITIALIZE
  let nonce: string | undefined
  const send: RsContext['send'] = async (headers = {}, message = hello, at = url) => {
    const accept = 'application/json, text/event-stream'
    const answer = await http.postJson(at, message.body, { accept, ...message.headers, ...headers })
    nonce = answer.headers.get('dpop-nonce') ?? nonce
    return answer
  }
  const reach = async <Value>(find: Promise<Value>, what = 'the server cannot be reached'): Promise<Value> =>
    find.catch((error: unknown) => {
      throw error instanceof Trouble ? skip(what) : error
    })
  const challenge = once(() => send())
  const endpoint: RsContext['endpoint'] = async () => {
    const answer = await challenge()
    if (answer.status !== 401 && isElsewhere(answer)) skip(`this is not where an MCP server answers: ${answer.summary}`)
  }
  const locate = once(async () => locateResource(http, url, await reach(challenge())))
  const metadata: RsContext['metadata'] = async () => {
    const { found } = await reach(locate())
    return found === undefined ? skip('there are no metadata') : { members: found.answer.json, answer: found.answer }
  }
  const server = once(async () => {
    const [issuer] = [(await metadata()).members['authorization_servers']].flat()
    if (typeof issuer !== 'string') skip('the metadata name no authorization server')
    const members = await reach(metadataOfServer(http, issuer), 'the authorization server cannot be reached')
    return members['issuer'] === issuer ? { issuer, members } : skip('the authorization server names itself otherwise')
  })
  const about = once(async () => {
    const { found } = await reach(locate())
    const { issuer } = await server()
    if (found?.answer.json['resource'] !== found?.resource) skip('the metadata are about another resource')
    const told = findChallenge((await challenge()).headers.get('www-authenticate'), 'bearer')?.params['scope']
    const offered = found?.answer.json['scopes_supported']
    return {
      issuer,
      resource: found?.resource ?? url,
      scope: options.scope ?? told ?? (Array.isArray(offered) ? offered.join(' ') : undefined),
    }
  })

  const isBoundOnly = once(async () => {
    const { found } = await reach(locate())
    return found?.answer.json['dpop_bound_access_tokens_required'] === true
  })
  const tokens = createTokens({ options, about, server, isBoundOnly })
  const credentials: RsContext['credentials'] = async (token) => {
    if (!(await isBoundOnly())) return { authorization: `Bearer ${token}` }
    const claims = { ath: await hashOf(token), nonce }
    const dpop = await buildProof(await tokens.proofKeys(), { method: 'POST', url, now: now() }, { claims })
    return { authorization: `DPoP ${token}`, dpop }
  }
  const sendToken: RsContext['sendToken'] = async (token, message) => {
    const answer = await send(await credentials(token), message)
    return wantsNonce(answer) ? send(await credentials(token), message) : answer
  }
  const welcome = once(async () => {
    const first = await sendToken(await tokens.token(), INITIALIZE)
    if (isAccepted(first) || first.status === 401 || first.status === 403) return first
    const second = await sendToken(await tokens.token(), DISCOVER)
    if (!isAccepted(second)) return first
    hello = DISCOVER
    return second
  })
  const welcomed: RsContext['welcomed'] = async () => {
    const answer = await reach(welcome(), 'no answer comes to a good token')
    if (!isAccepted(answer)) skip(`the good token is not accepted either: ${answer.summary}`)
  }
  const callTool: RsContext['callTool'] = async (token, name) => {
    await welcomed()
    const opened = hello === DISCOVER ? undefined : await sendToken(token, hello)
    const message = toolCall(name, hello, opened?.headers.get('mcp-session-id') ?? null)
    const answer = await sendToken(token, message)
    return { answer, isAnswered: isAnswered(answer, message) }
  }
  const jwt: RsContext['jwt'] = async () => {
    const text = await tokens.token()
    return { ...(readJwt(text) ?? skip('access tokens are opaque')), token: text }
  }
  const keys = once(async () => {
    const place = (await server()).members['jwks_uri']
    const set = typeof place === 'string' ? (await http.get(place)).json['keys'] : undefined
    if (!Array.isArray(set)) return skip('the keys of the authorization server are not to be found')
    return set.map((key: unknown): Members => ({ ...Object(key) }))
  })
  return {
    http,
    options,
    challenge,
    endpoint,
    locate,
    metadata,
    about,
    send,
    credentials,
    sendToken,
    welcome,
    welcomed,
    callTool,
    jwt,
    keys,
    ...tokens,
  }
}

export const wantsNonce = (answer: Answer): boolean =>
  parseChallenges(answer.headers.get('www-authenticate')).some(({ params }) => params['error'] === 'use_dpop_nonce')
