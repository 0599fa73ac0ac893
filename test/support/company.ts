/**
 * A company's identity provider without a socket, which can be made to lie in every way, and a server that signs people in there.
 *
 * @see OpenID Connect Core 1.0
 * @module
 */
import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { companies, companySignIn } from '../../server/company-sign-in.ts'
import type { ConfigInput } from '../../server/config.ts'
import type { AuditEntry } from '../../server/core/audit.ts'
import type { OutboundDoor, OutboundQuestion } from '../../server/core/outbound.ts'
import type { OnWarning } from '../../server/login/oidc/context.ts'
import type { OidcUpstream } from '../../server/login/oidc/create-upstream.ts'
import { random } from '../../server/store/random.ts'
import { err, ok } from '../../shared/result.ts'
import {
  authorizationQuery,
  type createBrowser,
  createTestServer,
  formFields,
  registerClient,
  type TestServer,
} from './authorization-server.ts'

export const IDP = 'https://login.company.example'
export const CLIENT_ID = 'sallyport-at-company'
export const CLIENT_SECRET = 'a secret of the company, for this server alone'

type Json = Record<string, unknown>

/** What a provider does otherwise than it should. Functions get what an honest one would say. */
export interface Lies {
  metadata?(honest: Json): unknown
  jwks?(honest: Json): unknown
  /** Of an ID token. */
  claims?(honest: Json): Json
  /** Signs instead of the provider's key. */
  sign?(claims: Json): Promise<string>
  tokens?(honest: Json): Json
  userinfo?(honest: Json): unknown
  /** Of the answer in the browser. */
  answer?(honest: URLSearchParams): void
  /** The refusal of the token endpoint: an OAuth error, or no answer at all. */
  refuse?: string | 'silence'
}

export interface Company {
  readonly issuer: string
  readonly lies: Lies
  /** Who is signed in there. */
  readonly person: Json & { sub: string }
  readonly now: () => number
  /** Every question that came, with its form. */
  readonly asked: { url: string; form?: URLSearchParams; authorization?: string }[]
  /** Tokens that it has given out. */
  readonly given: string[]
  /** Answers an authorization request: where it sends the browser. */
  authorize(url: string): URL
  logoutToken(claims?: Json, header?: Json): Promise<string>
  sign(claims: Json, header?: Json): Promise<string>
  answer(url: string, question?: OutboundQuestion): Promise<{ status: number; body: unknown } | null>
}

export async function createCompany(issuer: string, now: () => number): Promise<Company> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'company-1' }
  const lies: Lies = {}
  const person: Json & { sub: string } = {
    sub: 'a1b2-c3d4',
    name: 'Ada Lovelace',
    preferred_username: 'ada.lovelace@company.example',
    email: 'ada.lovelace@company.example',
    email_verified: true,
    groups: ['engineering'],
  }
  const asked: Company['asked'] = []
  const given: string[] = []
  const codes = new Map<string, URLSearchParams>()
  const sign: Company['sign'] = (claims, header = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'company-1', ...header }).sign(privateKey)

  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    end_session_endpoint: `${issuer}/logout`,
    jwks_uri: `${issuer}/jwks`,
    authorization_response_iss_parameter_supported: true,
  }

  async function token(form: URLSearchParams) {
    if (lies.refuse !== undefined) return { status: 400, body: { error: lies.refuse } }
    const request =
      form.get('grant_type') === 'refresh_token' ? new URLSearchParams() : codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (request === undefined) return { status: 400, body: { error: 'invalid_grant' } }
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRefresh = form.get('grant_type') === 'refresh_token'
    if (!isRefresh && challenge !== request.get('code_challenge'))
      return { status: 400, body: { error: 'invalid_grant' } }
    const accessToken = `upstream-access-${random()}`
    const honest = {
      iss: issuer,
      sub: person.sub,
      aud: CLIENT_ID,
      iat: now(),
      exp: now() + 300,
      auth_time: now(),
      sid: 'session-at-company',
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
      ...(request.get('nonce') === null ? {} : { nonce: request.get('nonce') }),
    }
    const claims = lies.claims?.(honest) ?? honest
    const tokens = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: `upstream-refresh-${random()}`,
      id_token: await (lies.sign?.(claims) ?? sign(claims)),
    }
    const said = lies.tokens?.(tokens) ?? tokens
    given.push(
      ...Object.values(said)
        .filter((one) => typeof one === 'string' && one.length > 20)
        .map(String),
    )
    return { status: 200, body: said }
  }

  return {
    issuer,
    lies,
    person,
    now,
    asked,
    given,
    sign,
    authorize(url) {
      const request = new URL(url).searchParams
      const code = `upstream-code-${random()}`
      codes.set(code, request)
      const back = new URL(request.get('redirect_uri') ?? '')
      back.searchParams.set('code', code)
      back.searchParams.set('state', request.get('state') ?? '')
      back.searchParams.set('iss', issuer)
      lies.answer?.(back.searchParams)
      return back
    },
    logoutToken: (claims = {}, header = { typ: 'logout+jwt' }) =>
      sign(
        {
          iss: issuer,
          aud: CLIENT_ID,
          iat: now(),
          exp: now() + 120,
          jti: random(),
          sub: person.sub,
          sid: 'session-at-company',
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
          ...claims,
        },
        header,
      ),
    async answer(url, question) {
      if (!url.startsWith(`${issuer}/`)) return null
      asked.push({
        url,
        ...(question?.form === undefined ? {} : { form: question.form }),
        ...(question?.authorization === undefined ? {} : { authorization: question.authorization }),
      })
      switch (url.slice(issuer.length)) {
        case '/.well-known/openid-configuration':
          return { status: 200, body: lies.metadata?.(metadata) ?? metadata }
        case '/jwks':
          return { status: 200, body: lies.jwks?.({ keys: [jwk] }) ?? { keys: [jwk] } }
        case '/token':
          return lies.refuse === 'silence' ? null : token(question?.form ?? new URLSearchParams())
        case '/userinfo':
          return { status: 200, body: lies.userinfo?.(person) ?? person }
        default:
          return null
      }
    },
  }
}

/** The way to these companies, and to nowhere else. */
export function doorTo(...companies: readonly Company[]): OutboundDoor {
  const find = async (url: string, question?: OutboundQuestion) => {
    for (const company of companies) {
      const found = await company.answer(url, question)
      if (found !== null) return found
    }
    return null
  }
  const encode = (body: unknown) =>
    new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)) as Uint8Array<ArrayBuffer>
  return {
    async get(url, request) {
      const found = await find(url)
      if (found === null) return err('unreachable')
      const body = encode(found.body)
      return body.length > request.maxBytes ? err('too_large') : ok({ status: 200, headers: new Headers(), body })
    },
    async ask(url, question) {
      const found = await find(url, question)
      if (found === null) return err('unreachable')
      const status = ([200, 400, 401, 403] as const).find((one) => one === found.status)
      return status === undefined
        ? err('server_error')
        : ok({ status, headers: new Headers(), body: encode(found.body) })
    },
  }
}

type ProviderInput = NonNullable<NonNullable<ConfigInput['oidc']>['providers']>[number]

export interface CompanyWorld {
  readonly server: TestServer
  readonly company: Company
  /** A second one, which is trusted as well. */
  readonly other: Company
  readonly clientId: string
  /** The query of an authorization request. */
  query(changes?: Record<string, string>): Promise<string>
  /** A browser at the sign-in page, which leaves for a provider: where it is sent. */
  leave(browser: WorldBrowser, query: string | null, provider?: string): Promise<string>
  /** Through the provider and back: the last answer here. */
  signIn(browser: WorldBrowser, query: string | null, provider?: string): Promise<Response>
  /** The reason of the newest sign-in that failed. */
  lastFailure(): unknown
  /** What the job in the background does. */
  revalidate(): Promise<void>
  /** What an administrator was told. */
  readonly warnings: Parameters<OnWarning>[]
  /** What signs people in, and looks after them, once the settings have the providers of these issuers only. */
  restart(issuers: readonly string[], onWarning: OnWarning): Promise<OidcUpstream>
}

export type WorldBrowser = ReturnType<typeof createBrowser>

export async function createCompanyWorld(
  changes: Partial<ProviderInput> = {},
  config: ConfigInput & { readonly oidc?: Omit<NonNullable<ConfigInput['oidc']>, 'providers'> } = {},
): Promise<CompanyWorld> {
  const clock = { now: () => 1_800_000_000 }
  const company = await createCompany(IDP, () => clock.now())
  const other = await createCompany('https://other.example', () => clock.now())
  const door = doorTo(company, other)
  const warnings: CompanyWorld['warnings'] = []
  const base = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET }
  const server = await createTestServer(
    {
      ...config,
      oidc: {
        ...config.oidc,
        providers: [
          { id: 'company', name: 'Company', issuer: IDP, ...base, ...changes },
          { id: 'other', name: 'Other', issuer: other.issuer, ...base },
        ],
      },
    },
    { door, onWarning: (...warning) => warnings.push(warning) },
  )
  clock.now = () => server.clock.now
  const { client_id: clientId } = await registerClient(server)
  const tools = {
    store: server.store,
    now: () => server.clock.now,
    random,
    audit: ({ event }: AuditEntry) => void server.events.push(event),
    door,
  }
  const upstream = await companySignIn(server.settings, tools)
  const world: CompanyWorld = {
    server,
    company,
    other,
    clientId,
    query: async (more = {}) => String(await authorizationQuery(clientId, more)),
    async leave(browser, query, provider = 'company') {
      const page = await browser.fetch(
        query === null ? '/sign-in' : `/sign-in?${new URLSearchParams({ request: query })}`,
      )
      const fields = formFields(await page.text())
      const { csrf = '', request } = fields
      const body = new URLSearchParams({ csrf, provider, ...(request === undefined ? {} : { request }) })
      const sent = await browser.fetch('/oidc/start', { method: 'POST', body })
      const location = sent.headers.get('location')
      if (sent.status !== 303 || location === null) throw new Error(`start answered ${sent.status}`)
      return location
    },
    async signIn(browser, query, provider = 'company') {
      const location = await world.leave(browser, query, provider)
      const at = provider === 'company' ? company : other
      return browser.fetch(at.authorize(location).href)
    },
    lastFailure: () =>
      server.events.findLast(
        ({ type }) => type === 'sign_in_failed' || type === 'sign_in_rejected' || type === 'logout_rejected',
      )?.['reason' as never],
    revalidate: async () => upstream?.revalidateDue(async () => true),
    warnings,
    restart(issuers, onWarning) {
      const { settings } = server
      const providers = settings.oidc.providers.filter(({ issuer }) => issuers.includes(issuer))
      return companies({ ...settings, oidc: { ...settings.oidc, providers } }, { ...tools, onWarning })
    },
  }
  return world
}
