/**
 * Every member of the metadata that is ever claimed, with its proof. To claim another one means to prove it here.
 *
 * @see RFC 8414 section 2
 * @see docs/adr/0110-no-claim-without-proof.md
 * @module
 */
import { expect } from 'bun:test'
import { TOKEN_EXCHANGE_GRANT } from '../../../shared/token-exchange.ts'
import { JWT_BEARER_GRANT } from '../../../shared/token-request.ts'
import { authorizationServerMetadataUrls } from '../../../shared/well-known.ts'
import { proveAgents } from './agents.ts'
import { authMethods, signingAlgorithms } from './authentication.ts'
import {
  CHALLENGE_METHODS,
  PROMPTS,
  proveClientDocuments,
  proveIss,
  proveResourceIndicators,
  RESPONSE_MODES,
  RESPONSE_TYPES,
} from './authorization.ts'
import { proveDpop } from './dpop.ts'
import { ENDPOINTS } from './endpoints.ts'
import { proveExchange, proveIdJags } from './exchange.ts'
import { PROFILES, proveAssertions } from './id-jag.ts'
import { GRANT_TYPES, proveResources, proveScopes, proveSigning, proveSubjects } from './tokens.ts'
import { each, type Proof, UNPROVEN, type World } from './world.ts'

export const PROOFS: Readonly<Record<string, Proof>> = {
  issuer: proveIssuer,
  ...ENDPOINTS,
  scopes_supported: proveScopes,
  response_types_supported: each('response_types_supported', RESPONSE_TYPES),
  response_modes_supported: each('response_modes_supported', RESPONSE_MODES),
  grant_types_supported: each('grant_types_supported', {
    ...GRANT_TYPES,
    [TOKEN_EXCHANGE_GRANT]: proveExchange,
    [JWT_BEARER_GRANT]: proveAssertions,
  }),
  authorization_grant_profiles_supported: each('authorization_grant_profiles_supported', PROFILES),
  identity_chaining_requested_token_types_supported: proveIdJags,
  token_endpoint_auth_methods_supported: authMethods('token'),
  token_endpoint_auth_signing_alg_values_supported: signingAlgorithms('token'),
  revocation_endpoint_auth_methods_supported: authMethods('revocation'),
  revocation_endpoint_auth_signing_alg_values_supported: signingAlgorithms('revocation'),
  introspection_endpoint_auth_methods_supported: authMethods('introspection'),
  introspection_endpoint_auth_signing_alg_values_supported: signingAlgorithms('introspection'),
  code_challenge_methods_supported: each('code_challenge_methods_supported', CHALLENGE_METHODS),
  dpop_signing_alg_values_supported: proveDpop,
  authorization_response_iss_parameter_supported: proveIss,
  client_id_metadata_document_supported: proveClientDocuments,
  resource_indicators_supported: proveResourceIndicators,
  agent_identity_supported: proveAgents,
  authplane_agent_identity_supported: proveAgents,
  prompt_values_supported: each('prompt_values_supported', PROMPTS),
  subject_types_supported: each('subject_types_supported', { public: proveSubjects }),
  id_token_signing_alg_values_supported: proveSigning,
  protected_resources: proveResources,
  service_documentation: asConfigured('service_documentation'),
  op_policy_uri: asConfigured('op_policy_uri'),
  op_tos_uri: asConfigured('op_tos_uri'),
}

/** Throws when the claim is not so, and when nothing proves it. */
export async function prove(member: string, claim: unknown, world: World): Promise<void> {
  const proof = Object.hasOwn(PROOFS, member) ? PROOFS[member] : undefined
  if (proof === undefined) throw new Error(`The metadata claims ${member}. ${UNPROVEN}`)
  await proof(claim, world)
}

/** The same document wherever clients look, and it names the server byte for byte. */
async function proveIssuer(claim: unknown, { server, metadata }: World): Promise<void> {
  expect(claim).toBe(server.issuer)
  for (const url of authorizationServerMetadataUrls(server.issuer)) {
    const response = await server.fetch(new URL(url), { headers: { origin: 'https://browser.example' } })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(await response.json()).toEqual(metadata)
  }
}

/** A page of the operator's: nothing but an address can be claimed of it. */
function asConfigured(name: 'service_documentation' | 'op_policy_uri' | 'op_tos_uri'): Proof {
  return async (claim, { config }) => expect(claim).toBe(config.metadata?.[name])
}
