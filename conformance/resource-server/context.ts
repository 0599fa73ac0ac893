/**
 * What the checks of a resource server share: what it says of itself, a request to it, and tokens, good ones and ones that are wrong.
 *
 * @see RFC 9728 section 3.1
 * @module
 */
import { findChallenge, parseChallenges } from '../../shared/challenge.ts'
import { authorizationServerMetadataUrls, protectedResourceMetadataUrls } from '../../shared/well-known.ts'
import { type Check, skip } from '../core/check.ts'
import type { Answer, HeaderRecord, Http } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'
import { createKeys, type Members, type ReadJws, readJwt, signJws } from '../jose/jws.ts'
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

export interface FoundResource {
  /** Every document that was looked for, and what came. */
  readonly looked: readonly {
    readonly from: 'header' | 'well-known'
    readonly answer: Answer
    readonly resource: string
  }[]
  readonly found?: { readonly from: 'header' | 'well-known'; readonly answer: Answer; readonly resource: string }
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
  /** An MCP message with these headers. */
  readonly send: (headers?: HeaderRecord, message?: unknown, url?: string) => Promise<Answer>
  readonly sendToken: (token: string, message?: unknown) => Promise<Answer>
  /** A good token. Skips where there is none. */
  readonly token: () => Promise<string>
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

/** What every MCP server understands, and nothing comes of. */
const MESSAGE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'conformance', version: '1' },
  },
}

export const toolCall = (name: string) => ({
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name, arguments: {} },
})

const ours = once(() => createKeys())

/** Whether the token was good enough, whatever the server thinks of the message. */
export const isAccepted = ({ status }: Answer): boolean => status < 500 && status !== 401 && status !== 403

export function createRsContext(http: Http, options: ResourceServerOptions): RsContext {
  const { url, signer, now } = options
  const send: RsContext['send'] = (headers = {}, message = MESSAGE, at = url) =>
    http.postJson(at, message, { accept: 'application/json, text/event-stream', ...headers })
  const sendToken: RsContext['sendToken'] = (token, message) => send({ authorization: `Bearer ${token}` }, message)

  const reach = async <Value>(find: Promise<Value>): Promise<Value> =>
    find.catch((error: unknown) => {
      throw error instanceof Trouble ? skip('the server cannot be reached') : error
    })
  const challenge = once(() => send())
  const locate = once(async () => locateMetadata(http, url, await reach(challenge())))
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
    tokenWith,
    boundToken,
    jwt,
    forge,
    keys,
  }
}

/** The metadata of an authorization server; empty where there are none. */
async function metadataOfServer(http: Http, issuer: string): Promise<Members> {
  for (const place of URL.canParse(issuer) ? authorizationServerMetadataUrls(issuer) : []) {
    const { json } = await http.get(place)
    if (typeof json['issuer'] === 'string') return json
  }
  return {}
}

/** In the order of clients: what the challenge names, then the well-known places. */
async function locateMetadata(http: Http, url: string, challenged: Answer): Promise<FoundResource> {
  const named = parseChallenges(challenged.headers.get('www-authenticate')).find(
    ({ params }) => 'resource_metadata' in params,
  )
  const place = named?.params['resource_metadata']
  const places = [
    ...(place === undefined ? [] : [{ from: 'header', url: place, resource: url } as const]),
    ...protectedResourceMetadataUrls(url).map((one) => ({ from: 'well-known', ...one }) as const),
  ]
  const looked: FoundResource['looked'][number][] = []
  for (const { from, url: at, resource } of places) {
    if (!URL.canParse(at)) continue
    const one = { from, answer: await http.get(at), resource }
    looked.push(one)
    if (one.answer.status === 200 && typeof one.answer.json['resource'] === 'string') return { looked, found: one }
  }
  return { looked }
}
