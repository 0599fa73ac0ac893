/**
 * Identity providers and issuers of workloads, as the authorization server sees them: keys, and what they sign with them.
 *
 * @module
 */
import { type JWTPayload, SignJWT } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import type { Client } from '../../server/core/records.ts'
import { random } from '../../server/store/random.ts'
import { ID_JAG_TYPE } from '../../shared/id-jag.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import {
  createTestServer,
  postForm,
  RESOURCE,
  type TestServer,
  type TestServerOptions,
} from './authorization-server.ts'
import {
  type AssertionAlgorithm,
  addSecretClient,
  createSigning,
  type SecretClient,
  type Signing,
} from './confidential-clients.ts'

export const IDP = 'https://login.company.example'
export const CLUSTER = 'https://tokens.cluster.example'
export const SUBJECT = 'a1b2-c3'

type Said = { readonly [Claim in keyof JWTPayload]?: JWTPayload[Claim] | undefined }

export interface Issuer extends Signing {
  readonly issuer: string
  readonly sign: (
    claims: Said,
    header?: Readonly<Record<string, unknown>>,
    key?: CryptoKey | Uint8Array,
  ) => Promise<string>
}

/** A claim or header of `undefined` is left out. */
export async function createIssuer(issuer = IDP, alg: AssertionAlgorithm = 'ES256', kid = 'one'): Promise<Issuer> {
  const signing = await createSigning(alg, kid)
  return {
    issuer,
    ...signing,
    sign: (claims, header = {}, key = signing.key) =>
      new SignJWT(present({ iss: issuer, ...claims }))
        .setProtectedHeader({ alg, ...present({ kid, ...header }) })
        .sign(key),
  }
}

const present = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

type Provider = NonNullable<NonNullable<ConfigInput['xaa']>['providers']>[number]

/** The settings that trust an issuer for everything. */
export const trusting = (
  { issuer, jwks }: Pick<Issuer, 'issuer' | 'jwks'>,
  changes: Partial<Provider> = {},
): Provider => ({
  issuer,
  jwks,
  subjects: 'auto_map',
  rules: [{}],
  ...changes,
})

/** What a scene is made of. */
export interface Company {
  readonly server: TestServer
  readonly idp: Issuer
  readonly client: SecretClient
  /** An ID-JAG that is right, but for what the changes say. */
  jag(claims?: Said, header?: Readonly<Record<string, unknown>>, by?: Issuer): Promise<string>
  /** Sends an assertion, by default as the client. */
  redeem(assertion: string, form?: Form, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Why the last request was refused, as the audit log has it. */
  lastReason(): string | undefined
}

type Form = Parameters<typeof postForm>[2]

/** A server that trusts an identity provider, and a client that may redeem what it issues. */
export async function createCompany(
  { provider = {}, ...config }: ConfigInput & { readonly provider?: Partial<Provider> } = {},
  {
    idp: given,
    client: changes = {},
    ...ports
  }: TestServerOptions & { readonly idp?: Issuer; readonly client?: Partial<Client> } = {},
): Promise<Company> {
  const idp = given ?? (await createIssuer())
  const server = await createTestServer(
    { xaa: { enabled: true, providers: [trusting(idp, provider)] }, ...config },
    ports,
  )
  const client = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT], ...changes })
  return companyOf(server, idp, client)
}

/** The same on a server that is there. */
export const companyOf = (server: TestServer, idp: Issuer, client: SecretClient): Company => ({
  server,
  idp,
  client,
  jag: (claims = {}, header = {}, by = idp) =>
    by.sign(idJagClaims(server, client.id, claims), { typ: ID_JAG_TYPE, ...header }),
  redeem: (assertion, form = {}, headers = client.basic) =>
    postForm(server, '/oauth/token', { grant_type: JWT_BEARER_GRANT, assertion, ...form }, headers),
  lastReason: () => lastReason(server),
})

export const idJagClaims = (
  { clock, issuer }: Pick<TestServer, 'clock' | 'issuer'>,
  clientId: string,
  claims: Said = {},
): Said => ({
  sub: SUBJECT,
  aud: issuer,
  client_id: clientId,
  jti: random(16),
  iat: clock.now,
  exp: clock.now + 300,
  resource: RESOURCE,
  scope: 'notes:read',
  ...claims,
})

/** Of the workload that `createFederation` knows. */
export const workloadClaims = ({ clock, issuer }: Pick<TestServer, 'clock' | 'issuer'>): JWTPayload => ({
  sub: 'job',
  aud: issuer,
  iat: clock.now,
  exp: clock.now + 300,
  jti: random(16),
})

export function lastReason({ events }: Pick<TestServer, 'events'>): string | undefined {
  const event = events.at(-1)
  return event?.type === 'token_rejected' ? event.reason : undefined
}

type Wif = NonNullable<ConfigInput['wif']>

/** A server that knows one workload, by the subject `job`. */
export async function createFederation(
  changes: { readonly wif?: Partial<Wif>; readonly issuer?: Partial<NonNullable<Wif['issuers']>[number]> } & Omit<
    ConfigInput,
    'wif' | 'issuer'
  > = {},
  ports: TestServerOptions = {},
) {
  const { wif = {}, issuer = {}, ...config } = changes
  const cluster = await createIssuer(CLUSTER)
  const server = await createTestServer(
    {
      wif: {
        enabled: true,
        issuers: [{ issuer: CLUSTER, jwks: cluster.jwks, ...issuer }],
        workloads: [{ name: 'nightly', issuer: CLUSTER, claims: { sub: 'job' }, resources: [RESOURCE] }],
        ...wif,
      },
      ...config,
    },
    ports,
  )
  const sign = (claims: Said = {}, header: Readonly<Record<string, unknown>> = {}, key?: CryptoKey | Uint8Array) =>
    cluster.sign({ ...workloadClaims(server), ...claims }, { typ: 'JWT', ...header }, key)
  const ask = (assertion: string, form: Form = {}, headers: Readonly<Record<string, string>> = {}) => {
    const usual = { grant_type: JWT_BEARER_GRANT, resource: RESOURCE, scope: 'notes:read' }
    return postForm(server, '/oauth/token', { ...usual, assertion, ...form }, headers)
  }
  return { server, cluster, sign, ask, lastReason: () => lastReason(server) }
}
