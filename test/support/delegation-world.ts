/**
 * A company that vouches for its people, a product's authorization server that believes it, and a chain of MCP servers behind that: notes, then
 * mail, then the archive. Host and agents are programs of the company; everything is in this process, and the clock is the test's.
 *
 * @module
 */

import { crossAppAccess, tokenExchange } from '../../client/grants/index.ts'
import { clientCredentials, createSession, type Session, type SessionOptions } from '../../client/index.ts'
import type { ConfigInput } from '../../server/config.ts'
import { protectResource } from '../../server/resource/index.ts'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { createBrowser, createTestServer, formFields, type TestServer } from './authorization-server.ts'
import { person as attended } from './client.ts'
import { CLIENT_ID, CLIENT_SECRET, type Company, createCompany, doorTo } from './company.ts'
import { addSecretClient, type SecretClient } from './confidential-clients.ts'

export const COMPANY = 'https://login.company.example'
/** Where the company's people have their accounts. */
const SIGN_ON = 'https://sso.company.example'
export const PRODUCT = 'https://auth.product.example'
/** At the company: what the host signs the person in for. */
export const DIRECTORY = `${COMPANY}/directory`
export const NOTES = 'https://notes.product.example/mcp'
export const MAIL = 'https://mail.product.example/mcp'
export const ARCHIVE = 'https://archive.product.example/mcp'

/** What the agents have tokens of their own for: to say who they are. */
const AGENTS = `${PRODUCT}/agents`

const SCOPES = { read: 'Read', send: 'Send' }

/** A call that an MCP server of the chain answered: what the token said, verified. */
export interface SeenCall {
  readonly resource: string
  readonly sub: string
  readonly claims: AccessTokenClaims
  readonly authorization: string
}

export type DelegationWorld = Awaited<ReturnType<typeof createDelegationWorld>>

export async function createDelegationWorld() {
  const clock = { now: () => 0 }
  const signOn = await createCompany(SIGN_ON, () => clock.now())
  const provider = { id: 'sso', name: 'Company', issuer: SIGN_ON, client_id: CLIENT_ID, client_secret: CLIENT_SECRET }
  const settings: ConfigInput = {
    issuer: COMPANY,
    oidc: { providers: [provider], passwords: false },
    resources: [{ identifier: DIRECTORY, scopes: { people: 'See who you are' } }],
    token_exchange: { enabled: false },
    id_jag: {
      enabled: true,
      audiences: [
        {
          issuer: PRODUCT,
          clients: { 'host-at-company': 'host' },
          resources: [NOTES],
          scopes: { read: 'people', send: 'people' },
        },
      ],
    },
  }
  const company = await createTestServer(settings, { door: doorTo(signOn) })
  clock.now = () => company.clock.now
  const { keys } = await (await company.fetch('/.well-known/jwks.json')).json()
  const product = await createTestServer({
    issuer: PRODUCT,
    resources: [
      ...[NOTES, MAIL, ARCHIVE].map((identifier) => ({ identifier, scopes: SCOPES, dpop: 'required' as const })),
      { identifier: AGENTS, scopes: {} },
    ],
    client_credentials: { enabled: true },
    token_exchange: {
      enabled: true,
      allow: [
        { from: NOTES, to: MAIL, client: 'planner', actor: 'required' },
        { from: MAIL, to: ARCHIVE, client: 'archivist', actor: 'required' },
      ],
    },
    xaa: {
      enabled: true,
      providers: [
        { issuer: COMPANY, jwks: { keys }, subjects: 'auto_map', rules: [{ clients: ['host'], resources: [NOTES] }] },
      ],
    },
  })
  Object.defineProperty(product.clock, 'now', { get: () => company.clock.now })

  const atCompany = await addSecretClient(company, {
    id: 'host-at-company',
    grantTypes: ['authorization_code', 'refresh_token', TOKEN_EXCHANGE_GRANT],
    redirectUris: ['http://127.0.0.1:5000/callback'],
  })
  const add = (id: string, grantTypes: readonly string[], agent = false) =>
    addSecretClient(product, { id, grantTypes, agent })
  const host = await add('host', [JWT_BEARER_GRANT])
  const planner = await add('planner', ['client_credentials', TOKEN_EXCHANGE_GRANT], true)
  const archivist = await add('archivist', ['client_credentials', TOKEN_EXCHANGE_GRANT], true)

  const seen: SeenCall[] = []
  const servers = new Map([NOTES, MAIL, ARCHIVE].map((resource) => [new URL(resource).origin, serverOf(resource)]))
  const metadataOnly = (resource: string, issuer: string, scopes: readonly string[]) =>
    protectResource({ resource, authorizationServers: [issuer], scopes, fetch: (url, init) => fetch(url, init) }).serve(
      async () => new Response(null, { status: 204 }),
    )
  const directory = metadataOnly(DIRECTORY, COMPANY, ['people'])
  const agents = metadataOnly(AGENTS, PRODUCT, [])

  function serverOf(resource: string): (request: Request) => Promise<Response> {
    const verified = new Map<string, AccessTokenClaims>()
    const server = protectResource({
      resource,
      authorizationServers: [PRODUCT],
      scopes: ['read'],
      dpop: { required: true },
      now: () => company.clock.now,
      fetch: (url, init) => fetch(url, init),
      async isRevoked(claims) {
        verified.set(claims.jti, claims)
        return !(await product.as.isLive(claims))
      },
    })
    return server.serve(async ({ headers }, { extra: { sub, jti } }) => {
      const authorization = headers.get('authorization') ?? ''
      const claims = verified.get(jti)
      if (claims !== undefined) seen.push({ resource, sub, claims, authorization })
      return Response.json({ ok: true })
    })
  }

  async function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init)
    const { origin, pathname } = new URL(request.url)
    const isResource = /^\/(?:directory|agents|\.well-known\/oauth-protected-resource)/.test(pathname)
    if (origin === PRODUCT) return isResource ? agents(request) : product.fetch(request)
    if (origin === COMPANY) return isResource ? directory(request) : company.fetch(request)
    return servers.get(origin)?.(request) ?? new Response(null, { status: 404 })
  }

  const open = (resource: string, options: SessionOptions): Session =>
    createSession(resource, { dpop: 'required', fetch, now: () => company.clock.now, ...options })
  const at = (issuer: string, { id, secret }: SecretClient) => ({ id, secret, issuer })

  /** The person at the company, in the host. */
  const signedIn = open(DIRECTORY, {
    client: at(COMPANY, atCompany),
    interaction: attended((url) => visit(company, signOn, url)),
  })
  const notes = open(NOTES, {
    client: at(PRODUCT, host),
    grant: crossAppAccess({
      idp: { issuer: COMPANY, client: { id: atCompany.id, secret: atCompany.secret } },
      identity: signedIn,
      scope: 'read send',
    }),
  })
  /** An agent that goes on to `resource` with what was granted for the one before. */
  const onward = (resource: string, agent: SecretClient, subject: Session): Session =>
    open(resource, {
      client: at(PRODUCT, agent),
      grant: tokenExchange({
        issuer: PRODUCT,
        subject,
        actor: open(AGENTS, { client: at(PRODUCT, agent), grant: clientCredentials(), dpop: 'off' }),
        scope: 'read',
      }),
    })
  const mail = onward(MAIL, planner, notes)
  const archive = onward(ARCHIVE, archivist, mail)

  return {
    ...{ company, signOn, product, seen, fetch, open, clients: { atCompany, host, planner, archivist } },
    /** The sessions, in the order in which each goes on from the one before. */
    ...{ signedIn, notes, mail, archive },
    async close() {
      await product.close()
      await company.close()
    },
  }
}

/** The person: from the host to the company, from there to its single sign-on, back, and on after agreeing. Gives the host's callback. */
async function visit(company: TestServer, signOn: Company, url: string): Promise<string> {
  const browser = createBrowser(company)
  const go = async (to: string, form?: Readonly<Record<string, string>>): Promise<string> => {
    const body = form && new URLSearchParams(form)
    const answer = await browser.fetch(new URL(to, COMPANY).href, body ? { method: 'POST', body } : {})
    const location = answer.headers.get('location')
    if (location !== null) return location
    const page = await answer.text()
    const fields = formFields(page)
    // The page that asks where to sign in, and the one that asks whether to agree.
    const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1] ?? ''
    const isConsent = page.includes('value="allow"')
    return go(isConsent ? action : '/oidc/start', {
      ...fields,
      ...(isConsent ? { decision: 'allow' } : { provider: 'sso' }),
    })
  }
  let at = url
  for (let hop = 0; hop < 10; hop += 1) {
    at = await go(at.startsWith(SIGN_ON) ? signOn.authorize(at).href : at)
    if (at.startsWith('http://127.0.0.1:5000/callback')) return at
  }
  throw new Error('the browser went round in circles')
}
