/**
 * An authorization server of ours in this process, in the state in which every check has something to look at: nobody is asked to sign
 * in, documents of clients can be read, a resource server may ask about tokens.
 *
 * @module
 */

import { type CheckAuthorizationServerOptions, checkAuthorizationServer, type Report } from '../../conformance/index.ts'
import { LEAVES } from '../../server/config/leaves.ts'
import type { ConfigInput } from '../../server/config.ts'
import type { Outbound } from '../../server/core/outbound.ts'
import { err, ok } from '../../shared/result.ts'
import { createTestServer, RESOURCE, type TestServer, USER } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { type Mutation, mutated } from './mutation.ts'

export interface World {
  readonly server: TestServer
  /** What the checks are told. */
  readonly options: CheckAuthorizationServerOptions
  /** Checks the server, or one that is made of it by changing what is sent and received. */
  check(mutation?: Mutation, options?: Partial<CheckAuthorizationServerOptions>): Promise<Report>
}

const DOCUMENTS = 'https://documents.example'

export async function createWorld(config: ConfigInput = {}): Promise<World> {
  const documents = new Map<string, string>()
  const outbound: Outbound = {
    async get(url) {
      const body = documents.get(url)
      if (body === undefined) return err('redirected')
      const headers = new Headers({ 'content-type': 'application/json' })
      return ok({ status: 200, headers, body: new TextEncoder().encode(body) })
    },
  }
  const server = await createTestServer(
    // The strict behaviour: a used refresh token is never honoured again.
    { dev_login: USER.username, refresh: { replay_window: 0 }, rate_limits: UNLIMITED, ...config },
    { outbound },
  )
  const { id, secret } = await addSecretClient(server, { resource: RESOURCE, grantTypes: [] })
  const options: CheckAuthorizationServerOptions = {
    issuer: server.issuer,
    fetch: (url, init) => server.fetch(url, init),
    now: () => server.clock.now,
    introspector: { id, secret },
    untilStale: async () => {
      server.clock.now += 600
    },
    documents: {
      async publish(path, document, redirectTo) {
        const url = DOCUMENTS + path
        if (redirectTo === undefined) documents.set(url, JSON.stringify(document(url)))
        return url
      },
    },
  }
  return {
    server,
    options,
    check: (mutation, changes = {}) =>
      checkAuthorizationServer({
        ...options,
        ...(mutation === undefined ? {} : { fetch: mutated((url, init) => server.fetch(url, init), mutation) }),
        ...changes,
      }),
  }
}

/** Hundreds of flows come from one place here. */
const UNLIMITED: ConfigInput['rate_limits'] = Object.fromEntries(
  [...new Set(LEAVES.filter(({ path }) => path[0] === 'rate_limits').map(({ path }) => path[1] ?? ''))].map((group) => [
    group,
    Object.fromEntries(
      LEAVES.filter(({ path }) => path[0] === 'rate_limits' && path[1] === group).map(({ path }) => [path[2], 0]),
    ),
  ]),
)
