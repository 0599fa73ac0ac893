/**
 * Discovery from end to end, remembered for as long as the servers' cache headers allow.
 *
 * @see MCP 2026-07-28, authorization server discovery
 * @see RFC 9728 section 5.2 (a new challenge is read again), section 7.10 (caching)
 * @module
 */
import { type ClientContext, configuredIssuer, randomToken } from '../context.ts'
import { discoveryKey } from '../stores/keys.ts'
import { readServerMetadata } from './authorization-server.ts'
import { chooseServer } from './choose-server.ts'
import { type Discovery, isDiscovery, type ReceivedChallenge } from './discovery.ts'
import { findResourceMetadata } from './protected-resource.ts'

/**
 * Resource metadata, the choice of a server, its metadata.
 *
 * @param options.refresh reads everything again: after a 401 for a token that was held, and after `invalid_client`
 * @throws {SallyportError} as its steps do; what was known before stays stored
 */
export async function discover(
  context: ClientContext,
  options: {
    readonly challenge?: ReceivedChallenge | undefined
    readonly refresh?: boolean
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<Discovery> {
  const { challenge, refresh = false, signal } = options
  const known = await knownDiscovery(context)
  const hint = challenge?.resourceMetadataUrl
  const elsewhere = hint !== undefined && hint !== known?.resourceMetadataUrl
  // What a session for another issuer has found in the same store is not for this one.
  const fits = known !== undefined && known.issuer === (configuredIssuer(context) ?? known.issuer)
  if (fits && !refresh && !elsewhere && context.now() < known.freshUntil) return known

  // Without a new challenge, where it was found before is as good a hint as the server ever gave.
  const resource = await findResourceMetadata(context, hint ?? known?.resourceMetadataUrl, signal)
  const issuer = await chooseServer(context, resource.metadata.authorization_servers)
  const server = await readServerMetadata(context, issuer, signal)
  const discovery: Discovery = {
    generation: randomToken(16),
    resourceMetadataUrl: resource.url,
    resourceMetadata: resource.metadata,
    issuer,
    serverMetadata: server.metadata,
    freshUntil: Math.min(resource.freshUntil, server.freshUntil),
  }
  await context.store.set(discoveryKey(context), discovery)
  context.emit({ type: 'discovered', resource: resource.metadata.resource, issuer })
  return discovery
}

/** What was discovered last, however old: good for refreshing and revoking at the server that issued a credential. */
export async function knownDiscovery(context: ClientContext): Promise<Discovery | undefined> {
  const stored = await context.store.get(discoveryKey(context))
  return isDiscovery(stored) ? stored : undefined
}

/**
 * With the metadata of the issuer that a credential comes from: however old it is, it was checked, and no other server will do. `undefined`:
 * the resource has another by now.
 *
 * @throws {SallyportError} as `discover`
 */
export async function discoveryOf(
  context: ClientContext,
  issuer: string,
  signal?: AbortSignal,
): Promise<Discovery | undefined> {
  const known = await knownDiscovery(context)
  const found = known?.issuer === issuer ? known : await discover(context, { signal })
  return found.issuer === issuer ? found : undefined
}
