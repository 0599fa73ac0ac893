/**
 * A protected server that answers with what it knows of its caller.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { protectResource } from '../../server/resource/index.ts'
import { serve } from '../../server/serve.ts'
import type { AccessTokenClaims } from '../../shared/access-token.ts'

export interface RunningServer {
  readonly url: string
  /** Asks the authorization server whether a token still counts: in a process of its own, by introspection. */
  isLive: (claims: AccessTokenClaims) => Promise<boolean>
  readonly close: () => Promise<void>
}

export async function startServer(issuer: string): Promise<RunningServer> {
  let handle: (request: Request) => Promise<Response> = async () => new Response(null, { status: 503 })
  const listening = await serve({ host: 'localhost', port: 0, fetch: (request) => handle(request) })
  assert(listening.ok)
  const known = new Map<string, AccessTokenClaims>()
  const running: RunningServer = {
    url: `http://localhost:${listening.value.port}/mcp`,
    isLive: async () => false,
    close: () => listening.value.close(0),
  }
  handle = protectResource({
    resource: running.url,
    authorizationServers: [issuer],
    scopes: ['notes:read'],
    dpop: { required: true },
    async isRevoked(claims) {
      known.set(claims.jti, claims)
      return !(await running.isLive(claims))
    },
  }).serve(async (_request, { extra }) => Response.json(known.get(extra.jti)))
  return running
}
