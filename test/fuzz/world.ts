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
import { TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  authorizationQuery,
  createTestServer,
  formFields,
  obtainCode,
  obtainTokens,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  type TestServer,
  VERIFIER,
} from '../support/authorization-server.ts'
import { createCompany, doorTo, IDP } from '../support/company.ts'
import { addSecretClient, addSigningClient } from '../support/confidential-clients.ts'
import { craftProof, createProver } from '../support/dpop-proofs.ts'
import { createElsewhere, LOGO, PNG } from './elsewhere.ts'
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
  oidc: { providers: [{ id: 'company', name: 'Company', issuer: IDP, client_id: 'sallyport' }] },
}

const EXCHANGING = ['authorization_code', 'refresh_token', 'client_credentials', TOKEN_EXCHANGE_GRANT]

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
  const door = doorTo(await createCompany(IDP, () => 1_800_000_000))
  const server = await createTestServer(CONFIG, { outbound: sites.outbound, door })
  const { client_id } = await registerClient(server)
  const authMethods = ['client_secret_post', 'client_secret_basic'] as const
  const confidential = await addSecretClient(server, { authMethods, resource: RESOURCE, grantTypes: EXCHANGING })
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
      // Nobody has asked for its document yet.
      const known: Readonly<Record<Known, string>> = {
        ...made,
        documentClient: `https://app.example/${uses}/client.json`,
      }
      return toRequest(sent, known, server.issuer, await browserFor(server, sent.browser))
    },
    secrets: () => SECRETS.flatMap((name) => made?.[name] ?? []),
  }
}

const SECRETS = ['clientSecret', 'code', 'refreshToken', 'accessToken', 'verifier', 'assertion', 'proof'] as const

/** A new one for each case: signing in and out ends what was before. */
async function browserFor({ store, clock, userId }: TestServer, who: Sent['browser']): Promise<Browser | null> {
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
