/**
 * A server that is not ours, driven by our client through every grant that both know.
 *
 * @see RFC 6749 section 4.1, section 4.4, section 6
 * @see RFC 8628
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  clientCredentials,
  createSession,
  type DeviceCode,
  deviceCode,
  memoryStore,
  privateKeyJwt,
  refreshToken,
  type Session,
  type SessionOptions,
  showCode,
} from '../../client/index.ts'
import { person } from '../support/client.ts'
import { type ForeignGrants, startForeignGrants } from '../support/foreign-grants.ts'

let foreign: ForeignGrants
beforeAll(async () => {
  foreign = await startForeignGrants()
})
afterAll(() => foreign.close())

const open = (options: SessionOptions): Session => createSession(foreign.resource, { dpop: 'off', ...options })
const call = async (session: Session): Promise<unknown> => (await session.fetch(foreign.resource)).json()

describe('node-oidc-provider', () => {
  test('authorization code with registration, refresh, revocation', async () => {
    const store = memoryStore()
    const session = open({ store, interaction: person((url) => foreign.visit(url)) })
    const grant = await session.authorize()
    expect(grant).toMatchObject({
      issuer: foreign.issuer,
      refreshable: true,
      scope: expect.arrayContaining(['notes:read']),
    })
    expect(await call(session)).toMatchObject({ sub: 'ada', client: grant.clientId })

    // An hour later by the session's clock.
    const later = open({ store, now: () => Math.floor(Date.now() / 1000) + 3600 })
    expect(await later.status()).toBe('refreshable')
    expect(await call(later)).toMatchObject({ sub: 'ada' })
    expect(foreign.grants.splice(0)).toEqual(['authorization_code', 'refresh_token'])
    expect(await later.logout()).toEqual({ revoked: true, deleted: true })
  })

  test.each(['agent:with secret', 'agent-that-posts', 'agent-with-key'])('client credentials: %s', async (id) => {
    const { issuer, agentKey } = foreign
    const proof = {
      'agent:with secret': { secret: 'a%b+c d' },
      'agent-that-posts': { secret: 's', authMethod: 'client_secret_post' },
      'agent-with-key': { auth: privateKeyJwt(agentKey) },
    } as const
    const client = { id, issuer, ...Object.entries(proof).find(([name]) => name === id)?.[1] }
    const session = open({ client, grant: clientCredentials({ scope: 'notes:write' }) })
    expect(await call(session)).toMatchObject({ client: id, scope: 'notes:read' })
    expect(foreign.grants.splice(0)).toEqual(['client_credentials'])
  })

  test('device code: the person is elsewhere, and the client waits as it is told', async () => {
    let code: DeviceCode | undefined
    const waited: number[] = []
    const session = open({
      grant: deviceCode(),
      interaction: showCode((shown) => {
        code = shown
      }),
      // In place of waiting: first nothing happens, then the person comes.
      sleep: async (seconds) => {
        waited.push(seconds)
        if (waited.length === 2) await foreign.enter(code?.verificationUriComplete ?? '')
      },
    })
    const grant = await session.authorize()
    expect(waited).toEqual([5, 5])
    expect(code?.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    expect(await call(session)).toMatchObject({ sub: 'ada', client: grant.clientId })
    expect(grant.refreshable).toBe(true)
    expect(foreign.grants.splice(0)).toEqual(['urn:ietf:params:oauth:grant-type:device_code'])
  })

  test('a refresh token from elsewhere goes on in a session of its own', async () => {
    const store = memoryStore()
    const first = open({ store, interaction: person((url) => foreign.visit(url)) })
    const { clientId } = await first.authorize()
    const key = JSON.stringify([foreign.resource, foreign.issuer, clientId, 'default'])
    const record = await store.get(`credential:${key}`)
    const token = String(record?.['refreshToken'])

    const moved = open({
      client: { id: clientId, issuer: foreign.issuer },
      grant: refreshToken({ refreshToken: token, issuer: foreign.issuer }),
    })
    expect(await call(moved)).toMatchObject({ sub: 'ada', client: clientId })
    expect(await moved.authorize()).toMatchObject({ refreshable: true })
    expect(foreign.grants.splice(0)).toEqual(['authorization_code', 'refresh_token'])
  })
})
