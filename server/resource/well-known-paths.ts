/**
 * Every well-known path on the resource's host that is the resource's to answer.
 *
 * @see RFC 8615 section 3
 * @module
 */
import type { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { identifierPath } from '../../shared/well-known.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { resourceMetadataPaths } from './metadata.ts'
import { relayPaths, relayResponse } from './metadata-relay.ts'
import type { ResourceSettings } from './resource-options.ts'
import { answerWellKnown, documentResponse, notFoundResponse } from './well-known-response.ts'

export interface WellKnownPaths {
  /** For routers. The last may end in a wildcard segment. */
  readonly routes: readonly string[]
  /** Whether a path is this resource's. */
  claims(pathname: string): boolean
  /** The answer at any well-known path, 404 where there is no document; `undefined` for all other paths. */
  answer(method: string, pathname: string): Promise<Response> | undefined
}

/** The first server is the one whose metadata is relayed. */
export function createWellKnownPaths(
  settings: ResourceSettings,
  metadata: ProtectedResourceMetadata,
  servers: readonly AuthorizationServer[],
): WellKnownPaths {
  const documents = new Map<string, () => Response | Promise<Response>>()
  for (const path of resourceMetadataPaths(settings)) documents.set(path, () => documentResponse(metadata))
  for (const server of servers.slice(0, 1))
    for (const path of relayPaths(settings)) documents.set(path, () => relayResponse(server))

  // Hosts probe below the endpoint too. A resource without a path shares `/.well-known/` with others, and claims documents only.
  const path = identifierPath(settings.resource)
  const below = path === '' ? undefined : `${path}/.well-known/`
  const isBelow = (pathname: string): boolean => below !== undefined && pathname.startsWith(below)

  return {
    routes: [...documents.keys(), ...(below === undefined ? [] : [`${below}*`])],
    claims: (pathname) => documents.has(pathname) || isBelow(pathname),
    answer(method, pathname) {
      const document = documents.get(pathname)
      if (document === undefined && !isBelow(pathname) && !pathname.startsWith('/.well-known/')) return undefined
      return answerWellKnown(method, document ?? notFoundResponse)
    },
  }
}
