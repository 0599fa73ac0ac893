/**
 * An MCP host as the official conformance suite wants to see one: the official SDK of either generation, and the `fetch` of a session.
 *
 * @see https://github.com/modelcontextprotocol/conformance
 * @module
 */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { importPKCS8 } from 'jose'
import * as v from 'valibot'
import { crossAppAccess, workloadIdentity } from '../../client/grants/index.ts'
import {
  type ClientOptions,
  clientCredentials,
  createSession,
  follow,
  privateKeyJwt,
  type SessionOptions,
} from '../../client/index.ts'
import { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { protectedResourceMetadataUrls } from '../../shared/well-known.ts'

const Setting = v.object({
  MCP_CONFORMANCE_SCENARIO: v.string(),
  MCP_CONFORMANCE_PROTOCOL_VERSION: v.string(),
  /** What an administrator handed out, where somebody did. */
  MCP_CONFORMANCE_CONTEXT: v.optional(v.pipe(v.string(), v.parseJson())),
})
const HandedOut = v.object({
  client_id: v.string(),
  client_secret: v.optional(v.string()),
  issuer: v.optional(v.string()),
  private_key_pem: v.optional(v.string()),
  signing_algorithm: v.optional(v.string()),
})
/** What the company's identity provider knows. */
const Vouched = v.object({ idp_client_id: v.string(), idp_id_token: v.string(), idp_issuer: v.string() })
const Workload = v.object({ valid_jwt: v.string() })

const { MCP_CONFORMANCE_SCENARIO: scenario, ...given } = v.parse(Setting, process.env)
const url = new URL(process.argv.at(-1) ?? '')
await callTool()

/** What every scenario wants of a host: connect, list the tools, call one. */
async function callTool(): Promise<void> {
  const { fetch } = createSession(url, await options())
  const host = { name: 'sallyport-conformance', version: '1.0.0' }
  // From this revision on there is no `initialize`, which the older SDK cannot do without.
  if (given.MCP_CONFORMANCE_PROTOCOL_VERSION >= '2026-07-28') {
    const client = new ClientV2(host, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new TransportV2(url, { fetch }))
    await client.listTools()
    await client.callTool({ name: 'test-tool', arguments: {} })
    return client.close()
  }
  const client = new ClientV1(host)
  await client.connect(new TransportV1(url, { fetch }))
  await client.listTools()
  await client.callTool({ name: 'test-tool', arguments: {} })
  return client.close()
}

/** One setting for all of them, but for what an administrator handed out. The suite approves without a page. */
async function options(): Promise<SessionOptions> {
  // Nobody fetches that document: it is the one URL that the suite takes for a client id.
  const known = { name: 'Sallyport', metadataUrl: 'https://conformance-test.local/client-metadata.json' }
  const compat = { authorizeAtOrigin: scenario.startsWith('auth/2025-03-26-') }
  if (given.MCP_CONFORMANCE_CONTEXT === undefined) return { client: known, interaction: follow(), compat }
  if (scenario === 'auth/wif-jwt-bearer') {
    const { valid_jwt: assertion } = v.parse(Workload, given.MCP_CONFORMANCE_CONTEXT)
    return { grant: workloadIdentity({ issuer: await issuerOf(url.href), assertion }) }
  }
  const client = await preRegistered(v.parse(HandedOut, given.MCP_CONFORMANCE_CONTEXT))
  if (scenario === 'auth/enterprise-managed-authorization') {
    const {
      idp_issuer: issuer,
      idp_client_id: id,
      idp_id_token: identity,
    } = v.parse(Vouched, given.MCP_CONFORMANCE_CONTEXT)
    return { client, grant: crossAppAccess({ idp: { issuer, client: { id } }, identity }) }
  }
  return scenario.startsWith('auth/client-credentials-')
    ? { client, grant: clientCredentials() }
    : { client, interaction: follow() }
}

async function preRegistered(handed: v.InferOutput<typeof HandedOut>): Promise<ClientOptions> {
  const { client_id: id, client_secret: secret, private_key_pem: pem, signing_algorithm: alg = 'ES256' } = handed
  // An administrator says whose secret it is; this suite forgets to.
  const issuer = handed.issuer ?? (await issuerOf(url.href))
  const auth = pem === undefined ? undefined : privateKeyJwt(await importPKCS8(pem, alg))
  return { id, issuer, ...(secret !== undefined && { secret }), ...(auth !== undefined && { auth }) }
}

async function issuerOf(resource: string): Promise<string> {
  const [where] = protectedResourceMetadataUrls(resource)
  const { authorization_servers } = v.parse(ProtectedResourceMetadata, await (await fetch(where?.url ?? '')).json())
  return authorization_servers[0] ?? ''
}
