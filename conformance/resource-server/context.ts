/**
 * What the checks of a resource server share: what it says of itself, a request to it, and tokens, good ones and ones that are wrong.
 *
 * @see RFC 9728 section 3.1
 * @module
 */
import { findChallenge } from '../../shared/challenge.ts'
import { type Check, skip } from '../core/check.ts'
import type { Answer, HeaderRecord, Http } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'
import { createKeys, type Members, type ReadJws, readJwt, signJws } from '../jose/jws.ts'
import { type FoundResource, locateResource, metadataOfServer } from './locate.ts'
import { DISCOVER, INITIALIZE, isAccepted, isAnswered, type Message, toolCall } from './messages.ts'
import type { BoundToken, TokenSource } from './obtain-token.ts'

/** The key of an authorization server that the resource server believes, for tokens of every kind. */
export interface Signer {
  readonly key: CryptoKey
  readonly alg: string
  readonly kid: string
}

export interface ResourceServerOptions {
  /** The URL of the MCP endpoint, as it is given to hosts. */
  readonly url: string
  /** A token that the server accepts. */
  readonly token?: string | undefined
  /** Where others come from. */
  readonly source?: TokenSource | undefined
  /** Of a deployment for tests: lets the checks make tokens that are wrong in one place. */
  readonly signer?: Signer | undefined
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

export interface RsContext {
  readonly http: Http
  readonly options: ResourceServerOptions
  /** A request without a token. */
  readonly challenge: () => Promise<Answer>
  readonly locate: () => Promise<FoundResource>
  /** The metadata, with the answer they came in. Skips where there are none. */
  readonly metadata: () => Promise<{ readonly members: Members; readonly answer: Answer }>
  readonly about: () => Promise<About>
  /** An MCP message with these headers. Default: one that the server was seen to understand, or that most do. */
  readonly send: (headers?: HeaderRecord, message?: Message, url?: string) => Promise<Answer>
  readonly sendToken: (token: string, message?: Message) => Promise<Answer>
  /** A good token. Skips where there is none. */
  readonly token: () => Promise<string>
  /** What comes of it, with the first message that the server answers. */
  readonly welcome: () => Promise<Answer>
  /** Skips unless the good token is accepted: otherwise a refusal of another one says nothing. */
  readonly welcomed: () => Promise<void>
  /** Calls a tool, in a session of its own where the server has sessions. */
  readonly callTool: (token: string, name: string) => Promise<{ readonly answer: Answer; readonly isAnswered: boolean }>
  /** One with these scopes. */
  readonly tokenWith: (scope: string) => Promise<string>
  /** One that is bound to keys of ours. */
  readonly boundToken: () => Promise<BoundToken>
  /** A good token, read. Skips where it is opaque. */
  readonly jwt: () => Promise<ReadJws & { readonly token: string }>
  /** A token of the signer's, with claims and header over the right ones. Skips where there is no signer. */
  readonly forge: (claims?: Members, header?: Members) => Promise<string>
  /** The public keys of the issuer. */
  readonly keys: () => Promise<readonly Members[]>
}

export type RsCheck = Check<RsContext>

const ours = once(() => createKeys())

export function createRsContext(http: Http, options: ResourceServerOptions): RsContext {
  const { url, signer, now } = options
  let hello = INITIALIZE
  const send: RsContext['send'] = (headers = {}, message = hello, at = url) =>
    http.postJson(at, message.body, { accept: 'application/json, text/event-stream', ...message.headers, ...headers })
  const sendToken: RsContext['sendToken'] = (token, message) => send({ authorization: `Bearer ${token}` }, message)

  const reach = async <Value>(find: Promise<Value>): Promise<Value> =>
    find.catch((error: unknown) => {
      throw error instanceof Trouble ? skip('the server cannot be reached') : error
    })
  const challenge = once(() => send())
  const locate = once(async () => locateResource(http, url, await reach(challenge())))
  const metadata: RsContext['metadata'] = async () => {
    const { found } = await reach(locate())
    return found === undefined ? skip('there are no metadata') : { members: found.answer.json, answer: found.answer }
  }
  const server = once(async () => {
    const [issuer] = [(await metadata()).members['authorization_servers']].flat()
    if (typeof issuer !== 'string') skip('the metadata name no authorization server')
    const members = await metadataOfServer(http, issuer)
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
      scope: told ?? (Array.isArray(offered) ? offered.join(' ') : undefined),
    }
  })

  const forge: RsContext['forge'] = async (claims = {}, header = {}) => {
    if (signer === undefined)
      skip('tokens of our own would be needed: give the key of the authorization server (--signing-key)')
    const { issuer, resource, scope } = await about()
    const right = {
      iss: issuer,
      aud: resource,
      sub: 'conformance',
      client_id: 'conformance',
      exp: now() + 300,
      iat: now(),
      jti: crypto.randomUUID(),
      scope,
    }
    return signJws(
      { typ: 'at+jwt', alg: signer.alg, kid: signer.kid, ...header },
      { ...right, ...claims },
      signer.key,
      signer.alg,
    )
  }

  const { source } = options
  const tokenOf = (wanted: About): Promise<string> =>
    source === undefined ? skip('there is no token to try: give one (--token)') : source.token(wanted)
  const tokenWith: RsContext['tokenWith'] = async (scope) =>
    signer === undefined ? tokenOf({ ...(await about()), scope }) : forge({ scope })
  const boundToken: RsContext['boundToken'] = async () => {
    if (signer !== undefined) {
      const keys = await ours()
      return { keys, token: await forge({ cnf: { jkt: keys.thumbprint } }) }
    }
    return source === undefined ? skip('there is no token that is bound to a key of ours') : source.bound(await about())
  }

  const token = once(async () => {
    if (options.token !== undefined) return options.token
    if (signer !== undefined) return forge()
    return tokenOf(await about())
  })
  const welcome = once(async () => {
    const first = await sendToken(await token(), INITIALIZE)
    if (isAccepted(first) || first.status === 401 || first.status === 403) return first
    const second = await sendToken(await token(), DISCOVER)
    if (!isAccepted(second)) return first
    hello = DISCOVER
    return second
  })
  const welcomed: RsContext['welcomed'] = async () => {
    if (!isAccepted(await welcome())) skip('the good token is not accepted either')
  }
  const callTool: RsContext['callTool'] = async (credentials, name) => {
    await welcomed()
    const opened = hello === DISCOVER ? undefined : await sendToken(credentials, hello)
    const message = toolCall(name, hello, opened?.headers.get('mcp-session-id') ?? null)
    const answer = await sendToken(credentials, message)
    return { answer, isAnswered: isAnswered(answer, message) }
  }
  const jwt: RsContext['jwt'] = async () => {
    const text = await token()
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
    locate,
    metadata,
    about,
    send,
    sendToken,
    token,
    welcome,
    welcomed,
    callTool,
    tokenWith,
    boundToken,
    jwt,
    forge,
    keys,
  }
}
