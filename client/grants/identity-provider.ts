/**
 * The company's identity provider, as the host's own configuration names it: nothing that a resource says leads there.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, section 4: the client authenticates as it does for single sign-on
 * @see RFC 8693 section 2.1
 * @module
 */
import { TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import type { ClientContext, ClientOptions } from '../context.ts'
import { readServerMetadata } from '../discovery/authorization-server.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { misconfigured } from '../errors.ts'
import type { JsonAnswer } from '../http/request-json.ts'
import { checkClientOptions, preRegistered } from '../registration/pre-registered.ts'
import { askTokenEndpoint } from '../token/token-request.ts'
import { behind } from './behind.ts'
import type { FormParameters, GrantStep } from './grant-type.ts'

/** Where the company signs its people in. */
export interface IdentityProvider {
  /** Byte for byte; its metadata is read there. */
  readonly issuer: string
  /** For a provider that publishes no metadata. */
  readonly tokenEndpoint?: string
  /** Who this client is there: usually another id than at the authorization server. A secret or key goes nowhere else. */
  readonly client: Pick<ClientOptions, 'id' | 'secret' | 'auth' | 'authMethod'>
}

/** Its answer. */
export interface ProviderAnswer {
  readonly answer: JsonAnswer
  /** Whether the session's key was proven. */
  readonly proven: boolean
}

/**
 * Asks for an exchange, with whatever the answer is.
 *
 * @throws {SallyportError} as reading metadata and token requests do
 */
export type AskProvider = (step: GrantStep, params: FormParameters) => Promise<ProviderAnswer>

/** @throws {SallyportError} `configuration` */
export function identityProvider({ issuer, tokenEndpoint, client: known }: IdentityProvider): AskProvider {
  const client = { ...known, issuer }
  checkClientOptions(client)
  for (const url of [issuer, tokenEndpoint ?? issuer]) {
    if (!checkUrl(url, issuer).ok) throw misconfigured('the URLs of the identity provider are https, without fragment')
  }
  const identity = preRegistered(client, issuer)
  if (identity === undefined) throw misconfigured('idp.client.id is who this client is at the identity provider')
  const metadata = remembered(issuer, tokenEndpoint)
  return async (step, params) => {
    const { context, dpop } = behind(step)
    // Its URLs are judged beside its own: it may well be inside the network, where the resource is not. What a resource needs is not for it.
    const near: ClientContext = { ...context, resource: issuer, compat: {} }
    const server = await metadata(near, step.signal)
    const proven = dpop !== undefined && server.dpop_signing_alg_values_supported?.includes(dpop.key.alg) === true
    const form = { grant_type: TOKEN_EXCHANGE_GRANT, ...params }
    const sent = { key: proven ? dpop.key : undefined, signal: step.signal }
    const answer = await askTokenEndpoint(near, server, identity, form, sent)
    return { answer, proven }
  }
}

/** Its metadata, read again when it says so. */
function remembered(issuer: string, tokenEndpoint: string | undefined) {
  let known: { readonly metadata: ValidatedServerMetadata; readonly freshUntil: number } | undefined
  return async (context: ClientContext, signal: AbortSignal): Promise<ValidatedServerMetadata> => {
    if (tokenEndpoint !== undefined) return { issuer, token_endpoint: tokenEndpoint }
    if (known === undefined || context.now() >= known.freshUntil) {
      known = await readServerMetadata(context, issuer, signal)
    }
    return known.metadata
  }
}
