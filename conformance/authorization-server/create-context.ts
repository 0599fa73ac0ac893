/**
 * Makes what the checks share: each step of a flow, with what was seen to work remembered.
 *
 * @module
 */
import { s256 } from '../../shared/pkce.ts'
import { Skip, skip } from '../core/check.ts'
import { type Control, createControls, isAlike } from '../core/controls.ts'
import { type Answer, type Form, type HeaderRecord, type Http, isHttpUrl } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'
import { type Client, createClients, credentialsOf } from './clients.ts'
import {
  type AsContext,
  type Changes,
  codeIn,
  isWelcome,
  PUSHED_ONLY,
  toTokens,
  VERIFIER,
  whyNoCode,
} from './context.ts'
import { locateMetadata } from './locate.ts'
import type { AuthorizationServerOptions } from './options.ts'
import { findWanted, toStrings } from './wanted.ts'

export function createAsContext(http: Http, options: AuthorizationServerOptions): AsContext {
  const locate = once(() => locateMetadata(http, options.issuer))
  const metadata = once(async () => {
    const found = await locate().catch((error: unknown) => {
      throw error instanceof Trouble ? new Skip('the authorization server cannot be reached') : error
    })
    return found.metadata ?? skip('there are no metadata')
  })
  const listed: AsContext['listed'] = async (member) => toStrings((await metadata())[member])
  const endpoint: AsContext['endpoint'] = async (name) => {
    const url = (await metadata())[name]
    if (url === undefined) skip(`the metadata name no ${name}`)
    return typeof url === 'string' && isHttpUrl(url) ? url : skip(`the ${name} in the metadata is no http or https URL`)
  }
  const wanted = once(() => findWanted(http, options, listed))
  const clients = createClients({ http, source: options, listed, endpoint })

  const authorizationUrl: AsContext['authorizationUrl'] = async (changes = {}, client) => {
    if ((await metadata())[PUSHED_ONLY] === true)
      skip('the server takes pushed authorization requests alone (RFC 9126), which neither hosts nor these checks send')
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

  const control = createControls()
  const authorizes = control('authorizes', async () => {
    const landing = await authorize()
    return isWelcome(landing) ? undefined : whyNoCode(landing)
  })

  const authorize: AsContext['authorize'] = async (changes = {}, client) => {
    const landing = await options.visit(await authorizationUrl(changes, client), await redirectUriOf(changes, client))
    // A page says nothing of a request that may be wrong.
    if (codeIn(landing) !== null || (isWelcome(landing) && Object.keys(changes).length === 0)) authorizes.saw()
    return landing
  }

  const tryAuthorize: AsContext['tryAuthorize'] = async (changes, client) => {
    const landing = await authorize(changes, client)
    if (landing.kind === 'page')
      skip('the server asks a person to sign in before it judges the request; open a browser (--browser)')
    if (codeIn(landing) === null) await authorizes.needed()
    return landing
  }

  const codes: string[] = []
  const code: AsContext['code'] = async (changes = {}, client) => {
    const landing = await authorize(changes, client)
    const value = codeIn(landing)
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
    return noted(client, await postToken(client, { ...form, resource, ...changes }, headers), redeems)
  }

  /** Whoever gets a token is not refused. */
  const noted = (client: Client, answer: Answer, seen: Control): Answer => {
    if (toTokens(client, answer) !== undefined) for (const { saw } of [seen, discerns]) saw()
    return answer
  }
  const redeems = control('redeems', async () => {
    const from = await code()
    const answer = await redeem(from)
    return toTokens(from.client, answer) === undefined ? `no token is given for a code: ${answer.summary}` : undefined
  })
  const refreshes = control('refreshes', async () => {
    const tokens = await refreshable()
    const answer = await refresh(tokens)
    return toTokens(tokens.client, answer) === undefined ? `refresh tokens do not work: ${answer.summary}` : undefined
  })
  const discerns = control('discerns', async () => {
    const client = await clients.main()
    const unknown = { value: 'conformance-code-that-was-never-issued', client, redirectUri: client.redirectUri }
    const one = await redeem({ ...unknown, verifier: VERIFIER })
    const other = await postToken(client, { grant_type: 'conformance' }, {})
    return isAlike(one, other) ? `the token endpoint answers all alike: ${one.summary}` : undefined
  })

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
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, resource, ...changes }
    return noted(client, await postToken(client, form, headers), refreshes)
  }

  const tokens = once(freshTokens)
  const introspected = once(async () => {
    const { introspector } = options
    if (introspector !== undefined) {
      const { id, secret } = introspector
      return { tokens: await tokens(), credentials: credentialsOf(id, secret, 'client_secret_basic') }
    }
    const client = await clients.confidential()
    return { tokens: await freshTokens({}, client), credentials: client.credentials }
  })

  const refreshable: AsContext['refreshable'] = async () => {
    const tokens = await freshTokens()
    return { ...tokens, refreshToken: tokens.refreshToken ?? skip('the server gives no refresh token') }
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
    tokens,
    introspected,
    refresh,
    refreshable,
    control,
    authorizes,
    redeems,
    refreshes,
    discerns,
  }
}

/** Skips, unless the server broke at what it could do before. */
function skipUnlessBroken(reason: string, answer: Answer | undefined): never {
  if (answer === undefined || answer.status < 500) skip(reason)
  throw new Trouble(`the server fails at what it did before: ${answer.summary}`, {
    mend: 'Look at the log of the server. Something may have run full in the course of the checks: connections, memory, a table.',
    answer,
  })
}
