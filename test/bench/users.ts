/**
 * What virtual users do: the operations of the scenarios, each over a connection of its own.
 *
 * @module
 */
import { SignJWT } from 'jose'
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import { generateDpopKey } from '../../shared/dpop/signing-key.ts'
import {
  ACCESS_TOKEN_TOKEN_TYPE,
  ID_JAG_TYPE,
  JWT_BEARER_GRANT,
  TOKEN_EXCHANGE_GRANT,
} from '../../shared/grant-names.ts'
import { type Answer, type Connection, connect, get, type Operation, post } from './load.ts'
import { BASIC, CHALLENGE, CLIENT, COOKIE, IDP, REDIRECT_URI, RESOURCE, SCOPE, VERIFIER } from './world.ts'

/** Opens a connection and says what to repeat on it. */
export type MakeUser = (port: number) => Promise<User>

export interface User {
  readonly operation: Operation
  close(): void
}

/** Where a server has its endpoints, and how a person gets to be signed in there. */
export interface Dialect {
  readonly authorize: string
  readonly token: string
  readonly scope: string
  /** The cookies of someone who is signed in. */
  signIn(connection: Connection, authorizeUrl: string): Promise<string>
}

export const sallyport: Dialect = {
  authorize: '/oauth/authorize',
  token: '/oauth/token',
  scope: SCOPE,
  signIn: async () => `sallyport_session=${COOKIE}`,
}

/** Signing in once, through its development pages. */
export const oidcProvider: Dialect = {
  authorize: '/auth',
  token: '/token',
  scope: `openid offline_access ${SCOPE}`,
  async signIn(connection, authorizeUrl) {
    const jar = new Map<string, string>()
    const cookie = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const send = async (request: (headers: { cookie: string }) => string): Promise<URL> => {
      const answer = await connection.send(request({ cookie: cookie() }))
      for (const [, name = '', value = ''] of answer.head.matchAll(/\r\nset-cookie: ([^=]+)=([^;\r]*)/gi)) {
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      return locationOf(answer)
    }
    let next = await send((headers) => get(authorizeUrl, headers))
    for (const form of [{ prompt: 'login', login: 'bench-user', password: 'x' }, { prompt: 'consent' }]) {
      const { pathname: interaction } = next
      const { pathname: resume } = await send((headers) => post(interaction, form, headers))
      next = await send((headers) => get(resume, headers))
    }
    return cookie()
  },
}

/** A document, again and again. */
export const reads =
  (path: string): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const request = get(path)
    return userOf(connection, async () => void expectStatus(await connection.send(request), 200))
  }

/** The floor's one request. */
export const posts =
  (form: Readonly<Record<string, string>>, path = '/token', headers = {}): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const request = post(path, form, headers)
    return userOf(connection, async () => void expectStatus(await connection.send(request), 200))
  }

/** Signed in, consent remembered: a code, and tokens for it. */
export const codeFlow =
  (dialect: Dialect): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const cookie = await dialect.signIn(connection, authorizeUrl(dialect))
    return userOf(connection, async () => void (await obtainTokens(connection, dialect, cookie)))
  }

/** The refresh token that the last answer brought. */
export const refreshes =
  (dialect: Dialect): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const cookie = await dialect.signIn(connection, authorizeUrl(dialect))
    let token = (await obtainTokens(connection, dialect, cookie)).refresh_token
    return userOf(connection, async () => {
      const form = { grant_type: 'refresh_token', refresh_token: token }
      const answer = await connection.send(post(dialect.token, form, { authorization: BASIC }))
      token = readTokens(answer).refresh_token
    })
  }

/** Proofs and assertions that each user makes before: a driver that signs while it drives is slower than the server. */
const PROOFS = 600

/** A token of one's own that is bound to a key, which is proven each time. */
export const proves =
  (form: Readonly<Record<string, string>>): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const key = await generateDpopKey('ES256')
    const url = `http://127.0.0.1:${port}/oauth/token`
    const prove = () => createDpopProof(key, { method: 'POST', url, now: Date.now() / 1000 })
    const proofs = await Promise.all(Array.from({ length: PROOFS }, prove))
    return userOf(connection, async () => {
      const dpop = proofs.pop() ?? (await prove())
      const answer = await connection.send(post('/oauth/token', form, { authorization: BASIC, dpop }))
      expectStatus(answer, 200)
      if (!answer.body.includes('"DPoP"')) throw new Error('not bound')
    })
  }

/** A person's token, exchanged again and again for a weaker one: the policy is one look, the rest is what any exchange does. */
export const exchanges: MakeUser = async (port) => {
  const connection = await connect(port)
  const cookie = await sallyport.signIn(connection, authorizeUrl(sallyport))
  const { access_token } = await obtainTokens(connection, sallyport, cookie)
  const form = {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: access_token,
    subject_token_type: ACCESS_TOKEN_TOKEN_TYPE,
    resource: RESOURCE,
    scope: SCOPE,
  }
  const request = post('/oauth/token', form, { authorization: BASIC })
  return userOf(connection, async () => expectStatus(await connection.send(request), 200))
}

/** ID-JAGs of one person, each redeemed once. */
export const redeems: MakeUser = async (port) => {
  const connection = await connect(port)
  const claims = { client_id: CLIENT.id, resource: RESOURCE, scope: SCOPE }
  const sub = crypto.randomUUID()
  const vouch = () =>
    new SignJWT({ ...claims, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid: IDP.kid, typ: ID_JAG_TYPE })
      .setIssuer(IDP.issuer)
      .setSubject(sub)
      .setAudience(`http://127.0.0.1:${port}`)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(IDP.key)
  const assertions = await Promise.all(Array.from({ length: PROOFS }, vouch))
  return userOf(connection, async () => {
    const assertion = assertions.pop() ?? (await vouch())
    const form = { grant_type: JWT_BEARER_GRANT, assertion, resource: RESOURCE }
    expectStatus(await connection.send(post('/oauth/token', form, { authorization: BASIC })), 200)
  })
}

/** A token of one's own, looked at again and again. */
export const introspects =
  (resource: string): MakeUser =>
  async (port) => {
    const connection = await connect(port)
    const form = { grant_type: 'client_credentials', resource, scope: SCOPE }
    const answer = await connection.send(post('/oauth/token', form, { authorization: BASIC }))
    expectStatus(answer, 200)
    const { access_token: token }: { access_token: string } = JSON.parse(answer.body)
    const request = post('/oauth/introspect', { token }, { authorization: BASIC })
    return userOf(connection, async () => {
      const answer = await connection.send(request)
      expectStatus(answer, 200)
      if (!answer.body.includes('"active":true')) throw new Error('not active')
    })
  }

const userOf = (connection: Connection, operation: Operation): User => ({
  operation,
  close: () => connection.close(),
})

async function obtainTokens(connection: Connection, dialect: Dialect, cookie: string): Promise<Tokens> {
  const redirect = locationOf(await connection.send(get(authorizeUrl(dialect), { cookie })))
  const code = redirect.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${redirect}`)
  const form = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: REDIRECT_URI }
  return readTokens(await connection.send(post(dialect.token, form, { authorization: BASIC })))
}

const authorizeUrl = ({ authorize, scope }: Dialect): string =>
  `${authorize}?${new URLSearchParams({
    response_type: 'code',
    client_id: 'bench-client',
    redirect_uri: REDIRECT_URI,
    scope,
    state: 'state',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    resource: RESOURCE,
  })}`

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

function readTokens(answer: Answer): Tokens {
  expectStatus(answer, 200)
  const tokens: Tokens = JSON.parse(answer.body)
  if (typeof tokens.refresh_token !== 'string') throw new Error('no refresh token')
  return tokens
}

function locationOf(answer: Answer): URL {
  const location = /\r\nlocation: ([^\r]+)/i.exec(answer.head)?.[1]
  if (answer.status !== 303 || location === undefined) throw new Error(`no redirect: ${answer.head}\n${answer.body}`)
  return new URL(location, 'http://127.0.0.1')
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${answer.body}`)
}
