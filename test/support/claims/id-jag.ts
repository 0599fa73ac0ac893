/**
 * The claims that ID-JAGs are redeemed, and that workloads get tokens: one is, one does.
 *
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import { ID_JAG_PROFILE } from '../../../shared/id-jag.ts'
import { JWT_BEARER_GRANT } from '../../../shared/token-request.ts'
import { RESOURCE } from '../authorization-server.ts'
import { addSecretClient } from '../confidential-clients.ts'
import { CLUSTER, companyOf, createIssuer, trusting, workloadClaims } from '../trusted-issuers.ts'
import { post, type World } from './world.ts'

/** Whom a server under proof trusts. */
export const PROVIDER = await createIssuer()

export const TRUSTED = trusting(PROVIDER)

export async function proveRedeeming({ server }: World): Promise<void> {
  const client = await addSecretClient(server, { grantTypes: [JWT_BEARER_GRANT] })
  const { jag, redeem } = companyOf(server, PROVIDER, client)
  const response = await redeem(await jag())
  expect(response.status).toBe(200)
  expect(decodeJwt((await response.json()).access_token).aud).toBe(RESOURCE)
}

const CLUSTER_KEYS = await createIssuer(CLUSTER)

/** The workload that a server under proof knows. */
export const WORKLOADS = {
  enabled: true,
  issuers: [{ issuer: CLUSTER, jwks: CLUSTER_KEYS.jwks }],
  workloads: [{ name: 'nightly', issuer: CLUSTER, claims: { sub: 'job' }, resources: [RESOURCE] }],
}

/** The grant is for whatever the settings turn on. */
export async function proveAssertions(world: World): Promise<void> {
  const { xaa, wif } = world.config
  expect([xaa?.enabled, wif?.enabled]).toContain(true)
  if (xaa?.enabled === true) await proveRedeeming(world)
  if (wif?.enabled === true) await proveWorkload(world)
}

async function proveWorkload(world: World): Promise<void> {
  const assertion = await CLUSTER_KEYS.sign(workloadClaims(world.server), { typ: 'JWT' })
  const form = { grant_type: JWT_BEARER_GRANT, assertion, resource: RESOURCE, scope: 'notes:read' }
  const response = await post(world, 'token_endpoint', form)
  expect(response.status).toBe(200)
  expect(decodeJwt((await response.json()).access_token).sub).toBe('workload:nightly')
}

export const PROFILES: Readonly<Record<string, (world: World) => Promise<void>>> = { [ID_JAG_PROFILE]: proveRedeeming }
