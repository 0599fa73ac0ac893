/**
 * Records to store.
 *
 * @module
 */
import type {
  AuthorizationCode,
  Client,
  Consent,
  Grant,
  Identity,
  PendingSignIn,
  RefreshToken,
  RegistrationToken,
  Resource,
  Session,
  User,
} from '../../core/records.ts'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'

/** The time at which all cases play. */
export const NOW = 1_800_000_000

export const client = (changes: Partial<Client> = {}): Client => ({
  id: 'client-1',
  name: 'Notes for Ånna "the cat" 🐈',
  redirectUris: ['http://127.0.0.1/callback', 'cursor://anysphere.cursor-retrieval/oauth/callback'],
  authMethods: ['none'],
  secrets: [],
  jwks: null,
  jwksUri: null,
  grantTypes: ['authorization_code', 'refresh_token'],
  responseTypes: ['code'],
  applicationType: 'native',
  scope: 'notes:read',
  scopeCeiling: null,
  resource: null,
  dpop: 'optional',
  agent: false,
  metadata: { client_uri: 'https://client.example/', contacts: ['a@client.example'] },
  origin: 'dynamic',
  issuedAt: NOW,
  lastUsedAt: null,
  expiresAt: NOW + 86_400,
  ...changes,
})

export const registrationToken = (changes: Partial<RegistrationToken> = {}): RegistrationToken => ({
  name: 'laptop',
  hash: 'registration-token-hash',
  createdAt: NOW,
  expiresAt: NOW + 600,
  usesLeft: null,
  ...changes,
})

export const resource = (changes: Partial<Resource> = {}): Resource => ({
  identifier: 'https://notes.example/mcp',
  aliases: ['https://notes.example/mcp/'],
  name: 'Notes',
  scopes: { 'notes:write': 'Write notes', 'notes:read': 'Read notes' },
  scopeHierarchy: {},
  defaultScopes: ['notes:read'],
  accessTokenLifetime: null,
  dpop: 'optional',
  ...changes,
})

export const grant = (changes: Partial<Grant> = {}): Grant => ({
  id: 'grant-1',
  userId: 'user-1',
  clientId: 'client-1',
  resource: 'https://notes.example/mcp',
  scopes: ['notes:read', 'notes:write'],
  createdAt: NOW,
  expiresAt: NOW + 1000,
  revokedAt: null,
  ...changes,
})

export const code = (changes: Partial<AuthorizationCode> = {}): AuthorizationCode => ({
  hash: 'code-hash-1',
  grantId: 'grant-1',
  redirectUri: 'http://127.0.0.1:4711/callback',
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  boundTo: null,
  expiresAt: NOW + 60,
  consumedAt: null,
  ...changes,
})

export const refreshToken = (changes: Partial<RefreshToken> = {}): RefreshToken => ({
  hash: 'token-hash-1',
  grantId: 'grant-1',
  createdAt: NOW,
  expiresAt: NOW + 500,
  consumedAt: null,
  successorHash: null,
  sealedValue: null,
  boundTo: null,
  ...changes,
})

export const consent = (changes: Partial<Consent> = {}): Consent => ({
  userId: 'user-1',
  clientId: 'client-1',
  resource: 'https://notes.example/mcp',
  scopes: ['notes:read'],
  grantedAt: NOW,
  clientDigest: null,
  ...changes,
})

export const user = (changes: Partial<User> = {}): User => ({
  id: 'user-1',
  username: 'Anna',
  displayName: 'Anna Ånes',
  passwordHash: '$scrypt$ln=15,r=8,p=3$salt$key',
  createdAt: NOW,
  disabledAt: null,
  ...changes,
})

export const identity = (changes: Partial<Identity> = {}): Identity => ({
  issuer: 'https://login.company.example',
  subject: 'a1b2-c3',
  userId: 'user-1',
  linkedAt: NOW,
  lastSeenAt: NOW,
  sealedRefreshToken: null,
  checkAt: null,
  ...changes,
})

export const session = (changes: Partial<Session> = {}): Session => ({
  hash: 'cookie-hash',
  userId: 'user-1',
  createdAt: NOW,
  expiresAt: NOW + 60,
  ...changes,
})

export const pendingSignIn = (changes: Partial<PendingSignIn> = {}): PendingSignIn => ({
  hash: 'state-hash',
  browser: 'cookie-hash',
  provider: 'company',
  request: 'client_id=client-1&state=x',
  expiresAt: NOW + 600,
  ...changes,
})

/** The people of all records: `user-1`, whom `user()` is, and as many after her as are wanted. */
export async function people({ users }: Pick<OpenStore, 'users'>, count = 2): Promise<void> {
  await together(count, (index) =>
    users.create(index === 0 ? user() : user({ id: `user-${index + 1}`, username: `user-${index + 1}` })),
  )
}

/** The cases, with those people there. */
export const amongPeople = (cases: readonly ConformanceCase[]): readonly ConformanceCase[] =>
  cases.map(({ name, run }) => ({ name, run: (store) => people(store).then(() => run(store)) }))

/** A grant whose code was redeemed for `refreshToken()`; whose grant it is, is there, too. */
export async function redeemedGrant(store: OpenStore): Promise<void> {
  await people(store)
  await store.grants.create(grant(), code())
  await store.codes.redeem(code().hash, refreshToken(), NOW)
}

/** `count` calls that start together; what each returned. */
export const together = <Value>(count: number, call: (index: number) => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

/** How often each outcome occurred: `{ redeemed: 1, consumed: 31 }`. */
export const tally = (outcomes: readonly (string | boolean)[]): Record<string, number> =>
  outcomes.reduce<Record<string, number>>((counts, outcome) => {
    counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1
    return counts
  }, {})
