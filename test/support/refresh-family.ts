/**
 * One family of refresh tokens on a server of its own.
 *
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import {
  createTestServer,
  obtainTokens,
  postForm,
  registerClient,
  type TestServer,
  type Tokens,
} from './authorization-server.ts'

export type Form = Parameters<typeof postForm>[2]

export interface Family {
  readonly server: TestServer
  readonly clientId: string
  readonly first: Tokens
  refresh(token: string, changes?: Form): Promise<Response>
  /** A refresh that must succeed. */
  rotate(token: string, changes?: Form): Promise<Tokens>
  isLive(tokens: Tokens): Promise<boolean>
}

/** One family of tokens on a server of its own. */
export async function withFamily(config: ConfigInput, run: (family: Family) => Promise<void>) {
  const server = await createTestServer(config)
  const { client_id } = await registerClient(server)
  const refresh = (refresh_token: string, changes: Form = {}) =>
    postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id, ...changes })
  await run({
    server,
    clientId: client_id,
    first: await obtainTokens(server, client_id),
    refresh,
    rotate: async (token, changes) => {
      const response = await refresh(token, changes)
      expect(response.status).toBe(200)
      return response.json()
    },
    isLive: ({ access_token }) => server.as.isLive({ jti: decodeJwt(access_token).jti ?? '' }),
  })
  await server.close()
}

/** What the store knows of a token. */
export const stored = async ({ store }: TestServer, token: string) =>
  (await store.refreshTokens.find(await hashOpaqueToken(token, hash)))?.token

export const auditOf = ({ events }: TestServer) => events.map(({ type }) => type)
