/**
 * Clients that prove who they are, in every way that can be claimed, rightly and wrongly.
 *
 * @see RFC 6749 section 2.3.1
 * @see RFC 7523 section 2.2
 * @module
 */
import { type CryptoKey, exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose'
import { client as clientRecord } from '../../../server/store/conformance/records.ts'
import { hash } from '../../../server/store/hash.ts'
import { random } from '../../../server/store/random.ts'
import { REDIRECT_URI } from '../authorization-server.ts'
import { strings, type World } from './world.ts'

/** What goes into a request. */
export interface Presentation {
  readonly form: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

export interface TestClient {
  readonly id: string
  /** Right each time. */
  prove(): Promise<Presentation>
  /** What somebody would send who only knows the id. */
  forge(): Promise<Presentation>
}

type Change = Partial<ReturnType<typeof clientRecord>>

/** By the names of `token_endpoint_auth_methods_supported`. */
export const CLIENTS = {
  async none(world: World, changes: Change = {}): Promise<TestClient> {
    const id = await store(world, { authMethods: ['none'], secrets: [], ...changes })
    const confidential = await withSecret(world, 'client_secret_basic', changes)
    return {
      id,
      prove: async () => ({ form: { client_id: id }, headers: {} }),
      forge: async () => ({ form: { client_id: confidential.id }, headers: {} }),
    }
  },

  async client_secret_basic(world: World, changes: Change = {}): Promise<TestClient> {
    const { id, secret } = await withSecret(world, 'client_secret_basic', changes)
    const present = (value: string): Presentation => ({
      form: {},
      headers: { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(value)}`)}` },
    })
    return { id, prove: async () => present(secret), forge: async () => present(random()) }
  },

  async client_secret_post(world: World, changes: Change = {}): Promise<TestClient> {
    const { id, secret } = await withSecret(world, 'client_secret_post', changes)
    const present = (client_secret: string): Presentation => ({ form: { client_id: id, client_secret }, headers: {} })
    return { id, prove: async () => present(secret), forge: async () => present(random()) }
  },

  private_key_jwt: (world: World, changes: Change = {}): Promise<TestClient> => withKey(world, 'ES256', changes),
}

/** Signs assertions with an algorithm. */
export async function withKey(world: World, alg: string, changes: Change = {}): Promise<TestClient> {
  const [{ publicKey, privateKey }, other] = await keysFor(alg)
  const { kty = '', ...members } = await exportJWK(publicKey)
  const jwks = { keys: [{ ...members, kty, alg }] } as NonNullable<Change['jwks']>
  const id = await store(world, { authMethods: ['private_key_jwt'], secrets: [], jwks, ...changes })
  const present = async (key: CryptoKey): Promise<Presentation> => ({
    form: {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(world, id, alg, key),
    },
    headers: {},
  })
  return { id, prove: () => present(privateKey), forge: () => present(other.privateKey) }
}

/** One whose credentials prove something, in the first such way that is claimed for the endpoint. */
export function createConfidential(world: World, changes: Change = {}): Promise<TestClient> {
  const methods = strings(world.metadata['token_endpoint_auth_methods_supported'])
  if (methods.includes('client_secret_basic')) return CLIENTS.client_secret_basic(world, changes)
  if (methods.includes('client_secret_post')) return CLIENTS.client_secret_post(world, changes)
  return CLIENTS.private_key_jwt(world, changes)
}

/** The keys of the client, and others; made once, for RSA takes its time. */
async function keysFor(alg: string): Promise<KeyPairs> {
  const made = keys.get(alg) ?? Promise.all([newPair(alg), newPair(alg)])
  keys.set(alg, made)
  return made
}

const keys = new Map<string, Promise<KeyPairs>>()

const newPair = (alg: string) => generateKeyPair(alg, { extractable: true })

type KeyPairs = readonly [GenerateKeyPairResult, GenerateKeyPairResult]

function assertion({ server }: World, id: string, alg: string, key: CryptoKey): Promise<string> {
  return new SignJWT({ jti: random() })
    .setProtectedHeader({ alg, typ: 'client-authentication+jwt' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(server.issuer)
    .setIssuedAt(server.clock.now)
    .setExpirationTime(server.clock.now + 60)
    .sign(key)
}

async function withSecret(world: World, method: 'client_secret_basic' | 'client_secret_post', changes: Change) {
  const secret = `${random()}%+ :`
  const secrets = [{ hash: await hash(secret), expiresAt: 0 }]
  return { id: await store(world, { authMethods: [method], secrets, ...changes }), secret }
}

/** As an administrator registers it: for every grant type that is claimed. */
async function store({ server, metadata }: World, changes: Change): Promise<string> {
  const { id = `client-${random(8)}` } = changes
  const grantTypes = strings(metadata['grant_types_supported'])
  const record = clientRecord({ id, redirectUris: [REDIRECT_URI], origin: 'administrator', grantTypes, ...changes })
  if (!(await server.store.clients.create(record))) throw new Error('The client could not be stored.')
  return id
}
