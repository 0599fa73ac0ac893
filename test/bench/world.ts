/**
 * Who and what the scenarios are about: one confidential client, one person who is signed in and agreed before, one resource.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import manifest from '../../package.json' with { type: 'json' }
import { LEAVES } from '../../server/config/leaves.ts'
import { openStore } from '../../server/store/open-store.ts'
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'

export const RESOURCE = 'https://notes.example/mcp'
export const REDIRECT_URI = 'https://app.example/callback'
export const CLIENT = { id: 'bench-client', secret: 'S'.repeat(43) }
export const BASIC = `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`
export const SCOPE = 'notes:read'
export const VERIFIER = 'v'.repeat(43)
export const CHALLENGE = hash(VERIFIER)

/** The value of the person's session cookie. */
export const COOKIE = 'C'.repeat(43)

/** The person's id. */
export const USER = 'bench-user'
const SECRET = 'a secret of the benchmark only, 32 bytes and more'

const { publicKey, privateKey } = await generateKeyPair('ES256')

/** The company's identity provider. */
export const IDP = { issuer: 'https://login.company.example', kid: 'idp', key: privateKey }

/** What can be said in a config file only: who is trusted to vouch for people. */
const CONFIG = {
  xaa: {
    enabled: true,
    providers: [
      {
        issuer: IDP.issuer,
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: IDP.kid, alg: 'ES256', use: 'sig' }] },
        subjects: 'auto_map',
        rules: [{}],
      },
    ],
  },
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true }))
const CONFIG_FILE = join(folder, 'sallyport.config.json')
writeFileSync(CONFIG_FILE, JSON.stringify(CONFIG))

/** The settings of a server of this world: defaults, but for what has none. */
export const environment = (database: string, port: number): Readonly<Record<string, string>> => ({
  SALLYPORT_ISSUER: `http://127.0.0.1:${port}`,
  SALLYPORT_HOST: '127.0.0.1',
  SALLYPORT_PORT: String(port),
  SALLYPORT_DATABASE: database,
  SALLYPORT_SECRET: SECRET,
  SALLYPORT_CONFIG: CONFIG_FILE,
  SALLYPORT_CLIENT_CREDENTIALS_ENABLED: 'true',
  SALLYPORT_TOKEN_EXCHANGE_ENABLED: 'true',
  NODE_ENV: 'production',
  ...HIGH_LIMITS,
  ...OF_RUNTIME,
})

/** What `bun run server` tells the runtime. */
const OF_RUNTIME: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from(manifest.scripts.server.matchAll(/(\w+)=(\S+) /g), ([, name = '', value = '']) => [name, value]),
)

/** Everything comes from one address here: it is counted as ever, and never refused. */
const HIGH_LIMITS: Readonly<Record<string, string>> = Object.fromEntries(
  LEAVES.flatMap(({ name, env }) => (name.startsWith('rate_limits.') && env !== null ? [[env, '1000000000']] : [])),
)

/** Creates the database and what has to be in it. */
export async function prepareDatabase(database: string): Promise<void> {
  const store = await openStore({ database })
  const now = Math.floor(Date.now() / 1000)
  await store.resources.put({
    identifier: RESOURCE,
    aliases: [],
    name: 'Notes',
    scopes: { 'notes:read': 'Read your notes', 'notes:write': 'Write notes' },
    scopeHierarchy: {},
    defaultScopes: null,
    accessTokenLifetime: null,
    dpop: 'optional',
  })
  await store.clients.create({
    id: CLIENT.id,
    name: 'Bench',
    redirectUris: [REDIRECT_URI],
    authMethods: ['client_secret_basic'],
    secrets: [{ hash: hash(CLIENT.secret), expiresAt: 0 }],
    jwks: null,
    jwksUri: null,
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials', TOKEN_EXCHANGE_GRANT, JWT_BEARER_GRANT],
    responseTypes: ['code'],
    applicationType: 'web',
    scope: null,
    scopeCeiling: null,
    resource: null,
    dpop: 'optional',
    agent: false,
    metadata: {},
    origin: 'administrator',
    issuedAt: now,
    lastUsedAt: null,
    expiresAt: null,
  })
  await store.users.create({
    id: USER,
    username: USER,
    displayName: null,
    passwordHash: null,
    createdAt: now,
    disabledAt: null,
  })
  await store.sessions.create({ hash: hash(COOKIE), userId: USER, createdAt: now, expiresAt: now + 86_400 })
  const subject = { clientId: CLIENT.id, resource: RESOURCE, scopes: [SCOPE] }
  await store.consents.remember({ ...subject, userId: USER, grantedAt: now, clientDigest: null })
  // A consent counts while something that came from it lives.
  await store.grants.create(
    { ...subject, id: 'bench-grant', userId: USER, createdAt: now, expiresAt: now + 86_400, revokedAt: null },
    {
      ...subject,
      hash: hash('bench-code'),
      grantId: 'bench-grant',
      redirectUri: REDIRECT_URI,
      codeChallenge: CHALLENGE,
      boundTo: null,
      expiresAt: now + 60,
      consumedAt: null,
    },
  )
  await store.close()
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
