/**
 * An authorization server of ours in this process, in the state in which every check has something to look at: nobody is asked to sign
 * in, documents of clients can be read, a resource server may ask about tokens.
 *
 * @module
 */

import {
  type CheckAuthorizationServerOptions,
  checkAuthorizationServer,
  type Fetch,
  type Report,
} from '../../conformance/index.ts'
import { LEAVES } from '../../server/config/leaves.ts'
import type { ConfigInput } from '../../server/config.ts'
import type { Outbound } from '../../server/core/outbound.ts'
import { err, ok } from '../../shared/result.ts'
import { createTestServer, RESOURCE, type TestServer, USER } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { createDocuments } from './documents.ts'
import { inLines, type Mutation, mutated } from './mutation.ts'

export interface World {
  readonly server: TestServer
  /** What the checks are told. */
  readonly options: CheckAuthorizationServerOptions
  /** Checks the server, or one that is made of it by changing what is sent and received. */
  check(mutation?: Mutation, options?: Partial<CheckAuthorizationServerOptions>): Promise<Report>
}

export async function createWorld(config: ConfigInput = {}): Promise<World> {
  const documents = createDocuments()
  const outbound: Outbound = {
    async get(url) {
      const found = documents.read(url)
      if (found === undefined) return err('client_error')
      if ('location' in found) return err('redirected')
      const headers = new Headers({ 'content-type': 'application/json' })
      return ok({ status: 200, headers, body: new TextEncoder().encode(found.body) })
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
    now: () => server.clock.now,
    introspector: { id, secret },
    untilStale: async () => {
      server.clock.now += 600
    },
    documents: documents.host,
  }
  const served = (mutation?: Mutation): Fetch => {
    const fetch: Fetch = (url, init) => server.fetch(url, init)
    return mutation === undefined ? fetch : mutated(fetch, mutation)
  }
  return {
    server,
    options,
    check: (mutation, changes = {}) =>
      checkAuthorizationServer({
        ...options,
        fetch: served(mutation),
        fetchLines: inLines(served(mutation)),
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
