/**
 * The claim that ID-JAGs are redeemed: one is.
 *
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import { ID_JAG_PROFILE } from '../../../shared/id-jag.ts'
import { JWT_BEARER_GRANT } from '../../../shared/token-request.ts'
import { RESOURCE } from '../authorization-server.ts'
import { addSecretClient } from '../confidential-clients.ts'
import { companyOf, createIssuer, trusting } from '../trusted-issuers.ts'
import type { World } from './world.ts'

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

export const PROFILES: Readonly<Record<string, (world: World) => Promise<void>>> = { [ID_JAG_PROFILE]: proveRedeeming }
