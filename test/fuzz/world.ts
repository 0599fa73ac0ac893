/**
 * An authorization server with everything that a good request could name, renewed now and then, because cases use it up.
 *
 * @module
 */
import { decodeJwt } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import { grantOfAccessToken } from '../../server/core/tokens/access-token-id.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { csrfToken } from '../../server/pages/csrf.ts'
import { sessionCookieName } from '../../server/pages/session-cookie.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { ID_JAG_TYPE, JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  authorizationQuery,
  codeForm,
  createTestServer,
  formFields,
  obtainCode,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  type TestServer,
  VERIFIER,
} from '../support/authorization-server.ts'
import { CLIENT_ID, type Company, createCompany, doorTo, IDP } from '../support/company.ts'
import { addSecretClient, addSigningClient, type SecretClient } from '../support/confidential-clients.ts'
import { craftProof, createProver } from '../support/dpop-proofs.ts'
import { CLUSTER, createIssuer, idJagClaims, trusting, workloadClaims } from '../support/trusted-issuers.ts'
import { createElsewhere, LOGO, PNG } from './elsewhere.ts'
import { PRODUCT } from './good-requests.ts'
import type { Sent } from './requests.ts'
import { type Browser, toRequest } from './to-request.ts'
import type { Known } from './values.ts'

/** How many cases one set of codes and tokens serves. */
const USES = 16
/** Seconds from one set to the next, so that limits are reached sometimes and not always. */
const PAUSE = 10

export const OTHER_RESOURCE = 'https://other.example/mcp'
export const SCOPES = { 'notes:read': 'Read', 'notes:write': 'Write', 'notes:admin': 'Delete' }
export const CONFIG: ConfigInput = {
  resources: [RESOURCE, OTHER_RESOURCE].map((identifier) => ({ identifier, scopes: SCOPES })),
  client_credentials: { enabled: true },
  token_exchange: { enabled: true, allow: [{ from: RESOURCE, to: OTHER_RESOURCE }] },
  session: { lifetime: 365 * 24 * 3600 },
  oidc: { providers: [{ id: 'company', name: 'Company', issuer: IDP, client_id: CLIENT_ID }] },
  id_jag: {
    enabled: true,
    audiences: [
      {
        issuer: PRODUCT.issuer,
        clients: { host: 'h' },
        resources: [PRODUCT.resource],
        scopes: { 'desk:read': 'notes:read' },
      },
    ],
  },
}

/** Vouch for people, and for programs. */
export const VOUCHING = {
  idp: await createIssuer('https://people.company.example'),
  cluster: await createIssuer(CLUSTER),
}
export const TRUSTING: ConfigInput = {
  xaa: { enabled: true, providers: [trusting(VOUCHING.idp)] },
  wif: {
    enabled: true,
    issuers: [{ issuer: CLUSTER, jwks: VOUCHING.cluster.jwks }],
    workloads: [{ name: 'nightly', issuer: CLUSTER, claims: { sub: 'job' }, resources: [RESOURCE] }],
  },
}

const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', TOKEN_EXCHANGE_GRANT, JWT_BEARER_GRANT]

export interface World {
  readonly server: TestServer
  /** The request of a case; null when it is none that HTTP could carry. */
  request(sent: Sent): Promise<Request | null>
  /** What only its receiver may know, of all that the last case could name. */
  secrets(): readonly string[]
}

/** How many cases one world serves. Each leaves something in its database. */
const LIFE = 4000

/** Worlds, one after the other. */
export interface Worlds {
  /** For one case. */
  next(): Promise<World>
  close(): Promise<void>
}

/** The first world is there at once; `first` is the caller's to look at. */
export async function createWorlds(): Promise<Worlds & { readonly first: World }> {
  const first = await createWorld()
  let current = first
  let cases = 0
  return {
    first,
    async next() {
      if (cases > 0 && cases % LIFE === 0) {
        await current.server.close()
        current = await createWorld()
      }
      cases += 1
      return current
    },
    close: () => current.server.close(),
  }
}

async function createWorld(): Promise<World> {
  const sites = createElsewhere()
  const company: Company = await createCompany(IDP, () => server.clock.now)
  const ports = { outbound: sites.outbound, door: doorTo(company) }
  const server = await createTestServer({ ...CONFIG, ...TRUSTING }, ports)
  const { client_id } = await registerClient(server)
  const authMethods = ['client_secret_post', 'client_secret_basic'] as const
  const confidential = await addSecretClient(server, {
    id: 'host',
    authMethods,
    resource: RESOURCE,
    grantTypes: GRANTS,
  })
  const signing = await addSigningClient(server)
  const prover = await createProver()
  const query = await authorizationQuery(client_id)
  const constant = {
    client: client_id,
    confidentialClient: confidential.id,
    clientSecret: confidential.secret,
    signingClient: signing.id,
    verifier: VERIFIER,
    challenge: await s256(VERIFIER),
    redirectUri: REDIRECT_URI,
    resource: RESOURCE,
    otherResource: OTHER_RESOURCE,
    scope: 'notes:read notes:write',
    issuer: server.issuer,
    query: String(query),
    digest: await shownDigest(server, query),
    address: '203.0.113.7',
    ...(await addPerson(server)),
    ...(await addLogo(server)),
  }
  const renew = async () => {
    server.clock.now += PAUSE
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    const other = decodeJwt((await obtainTokens(server, client_id)).access_token)
    const proven = { method: 'POST', url: `${server.issuer}/oauth/token`, now: server.clock.now }
    return {
      ...constant,
      code: await obtainCode(server, client_id),
      refreshToken: refresh_token,
      accessToken: access_token,
      grant: grantOfAccessToken(other.jti ?? '') ?? '',
      ownRefreshToken: await ownRefreshToken(server, confidential),
      actorToken: await actorToken(server, confidential),
      idJag: await VOUCHING.idp.sign(idJagClaims(server, confidential.id), { typ: ID_JAG_TYPE }),
      workloadToken: await VOUCHING.cluster.sign(workloadClaims(server), { typ: 'JWT' }),
      logoutToken: await company.logoutToken(),
      assertion: await signing.sign(),
      proof: await craftProof(prover, proven),
    }
  }
  let made: Awaited<ReturnType<typeof renew>> | null = null
  let uses = 0

  return {
    server,
    async request(sent) {
      if (made === null || uses++ % USES === 0) made = await renew()
      sites.tell(sent.elsewhere)
      const browser = await browserFor(server, sent.browser)
      const known: Readonly<Record<Known, string>> = {
        ...made,
        // Nobody has asked for its document yet.
        documentClient: `https://app.example/${uses}/client.json`,
        ...(sent.path.startsWith('/oidc/callback/') && browser !== null
          ? await leaveFor(company, { server, browser, query: sent.browser === 'visitor' ? String(query) : null })
          : NOWHERE),
      }
      return toRequest(sent, known, server.issuer, browser)
    },
    secrets: () => SECRETS.flatMap((name) => made?.[name] ?? []),
  }
}

const SECRETS = [
  ...(['clientSecret', 'code', 'refreshToken', 'accessToken', 'verifier', 'assertion', 'proof'] as const),
  ...(['ownRefreshToken', 'actorToken', 'idJag', 'workloadToken', 'logoutToken'] as const),
]

/** Of a client that proves who it is, for the person. */
async function ownRefreshToken(server: TestServer, { id, basic }: SecretClient): Promise<string> {
  const { client_id: _, ...form } = codeForm(id, await obtainCode(server, id))
  const { refresh_token } = await (await postForm(server, '/oauth/token', form, basic)).json()
  return refresh_token
}

/** The client's own word for itself. */
async function actorToken(server: TestServer, { basic }: SecretClient): Promise<string> {
  const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
  const { access_token } = await (await postForm(server, '/oauth/token', form, basic)).json()
  return access_token
}

const NOWHERE = { upstreamState: 'state', upstreamCode: 'code' }

interface Departure {
  readonly server: TestServer
  readonly browser: Browser
  /** What the person does at the company, and comes back for. */
  readonly query: string | null
}

/** A browser goes to the company: what it is to come back with. */
export async function leaveFor(
  company: Company,
  { server, browser: { cookie, csrf }, query }: Departure,
): Promise<typeof NOWHERE> {
  const body = new URLSearchParams({ csrf, provider: 'company', ...(query === null ? {} : { request: query }) })
  const left = await server.fetch('/oidc/start', { method: 'POST', headers: { cookie }, body })
  const answer = company.authorize(left.headers.get('location') ?? '').searchParams
  return { upstreamState: answer.get('state') ?? '', upstreamCode: answer.get('code') ?? '' }
}

/** A new one for each case: signing in and out ends what was before. */
export async function browserFor({ store, clock, userId }: TestServer, who: Sent['browser']): Promise<Browser | null> {
  if (who === 'none') return null
  const cookie = random()
  const times = { createdAt: clock.now, expiresAt: clock.now + 3600 }
  if (who === 'signed_in') await store.sessions.create({ hash: await hash(cookie), userId, ...times })
  return { cookie: `${sessionCookieName(true)}=${cookie}`, csrf: await csrfToken(cookie, hash) }
}

/** Somebody whose password is checked at once: a case of the usual cost takes as long as hundreds of others. */
async function addPerson({ store, clock }: TestServer) {
  const [username, password] = ['grace', 'nanoseconds and wire']
  const passwordHash = await hashPassword(password, { ln: 1, r: 1, p: 1 })
  await store.users.create({
    id: `usr_${random(16)}`,
    username,
    displayName: null,
    passwordHash,
    createdAt: clock.now,
    disabledAt: null,
  })
  return { username, password }
}

/** A client that has published a document with a picture. */
async function addLogo({ store, clock }: TestServer) {
  const logoClient = 'https://pictures.example/client.json'
  const logo = { hash: await hash('a picture'), type: 'image/png', bytes: new Uint8Array(PNG) } as const
  const document = { client_id: logoClient, client_name: 'Pictures', redirect_uris: [REDIRECT_URI], logo_uri: LOGO }
  const times = { fetchedAt: clock.now, freshUntil: Number.MAX_SAFE_INTEGER, keptUntil: Number.MAX_SAFE_INTEGER }
  await store.clientDocuments.put({ clientId: logoClient, document, pinned: false, etag: null, ...times }, logo)
  return { logoClient, logoHash: logo.hash }
}

/** What the consent page for this request would carry on to the decision. */
async function shownDigest(server: TestServer, query: URLSearchParams): Promise<string> {
  const browser = await browserFor(server, 'signed_in')
  const page = await server.fetch(`/oauth/authorize?${query}`, { headers: { cookie: browser?.cookie ?? '' } })
  const { client = '' } = formFields(await page.text())
  if (client === '') throw new Error('no consent page')
  return client
}
