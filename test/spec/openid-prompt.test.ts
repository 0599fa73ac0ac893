/**
 * `prompt`: whether the person is asked to sign in or to agree, and when nobody may be asked.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.1 and section 3.1.2.6
 * @see OAuth 2.1 section 7.3 (draft-ietf-oauth-v2-1-16)
 *
 * @standard OpenID Connect Core: Core 1.0
 * @status partly
 * @does as a relying party: people sign in at their company's provider (code flow, ID tokens, user info, refreshing); to applications: `prompt` and its errors, `offline_access`
 * @missing no ID tokens and user info for applications; at providers: implicit and hybrid flows, encrypted ID tokens, signed user info
 * @published https://openid.net/specs/openid-connect-core-1_0.html
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { NextStep, ValidRequest } from '../../server/core/authorize/request.ts'
import { readForm } from '../../shared/form.ts'
import { authorizationQuery, createTestServer, registerClient } from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id: publicClient } = await registerClient(server)

const confidentialClient = async () =>
  (await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })).client_id

const judge = async (clientId: string, changes: Parameters<typeof authorizationQuery>[1]) =>
  server.as.authorize(readForm(await authorizationQuery(clientId, changes)))

async function valid(clientId: string, prompt?: string, scope = 'notes:read'): Promise<ValidRequest> {
  const outcome = await judge(clientId, { prompt, scope })
  if (outcome.kind !== 'valid') throw new Error(outcome.kind)
  return outcome.request
}

/** What comes next, in a word: a step, `code`, or the error of a redirect. */
function wordOf(step: NextStep): string {
  if (step.kind !== 'redirect') return step.kind
  const { searchParams } = new URL(step.location)
  return searchParams.get('error') ?? (searchParams.has('code') ? 'code' : 'nothing')
}

const next = async (clientId: string, userId: string | null, prompt?: string, scope?: string) =>
  wordOf(await server.as.next(await valid(clientId, prompt, scope), userId))

describe('a public client, which anyone can claim to be', () => {
  const cases: readonly [string | undefined, string, string][] = [
    [undefined, 'sign_in', 'consent'],
    ['none', 'login_required', 'consent_required'],
    ['login', 'sign_in', 'sign_in'],
    ['consent', 'sign_in', 'consent'],
    ['login consent', 'sign_in', 'sign_in'],
    ['consent login', 'sign_in', 'sign_in'],
    ['select_account', 'sign_in', 'consent'],
    ['nonsense', 'sign_in', 'consent'],
    ['  consent  ', 'sign_in', 'consent'],
    ['None', 'sign_in', 'consent'],
  ]
  test.each(cases)('AS-053 prompt %p: %s for nobody, %s for who is signed in', async (prompt, nobody, somebody) => {
    expect(await next(publicClient, null, prompt)).toBe(nobody)
    expect(await next(publicClient, server.userId, prompt)).toBe(somebody)
  })

  test('AS-053 is asked again, however often it was agreed to', async () => {
    await server.as.approve(await valid(publicClient), server.userId)
    expect(await next(publicClient, server.userId)).toBe('consent')
    expect(await next(publicClient, server.userId, 'none')).toBe('consent_required')
  })
})

describe('a client that proves who it is', () => {
  test('is asked for once: after that the code is issued, silently too', async () => {
    const client = await confidentialClient()
    expect(await next(client, server.userId)).toBe('consent')
    expect(await next(client, server.userId, 'none')).toBe('consent_required')
    await server.as.approve(await valid(client), server.userId)
    expect(await next(client, server.userId)).toBe('code')
    expect(await next(client, server.userId, 'none')).toBe('code')
    expect(await next(client, null, 'none')).toBe('login_required')
  })

  test('is asked again once nothing of what was agreed to lives: the account page would not show it', async () => {
    const client = await confidentialClient()
    const location = new URL(await server.as.approve(await valid(client), server.userId))
    expect(await next(client, server.userId, 'none')).toBe('code')
    for (const { id } of await server.store.grants.listLive(server.userId, server.clock.now)) {
      await server.store.grants.revoke(id, server.clock.now)
    }
    expect(location.searchParams.has('code')).toBe(true)
    expect(await next(client, server.userId, 'none')).toBe('consent_required')
    expect(await next(client, server.userId)).toBe('consent')
  })

  test('consent and login are obeyed although it was agreed to', async () => {
    const client = await confidentialClient()
    await server.as.approve(await valid(client), server.userId)
    expect(await next(client, server.userId, 'consent')).toBe('consent')
    expect(await next(client, server.userId, 'login')).toBe('sign_in')
  })

  test('SEC-040 is asked for again when it wants more, and what was agreed to before stays', async () => {
    const client = await confidentialClient()
    await server.as.approve(await valid(client), server.userId)
    expect(await next(client, server.userId, undefined, 'notes:read notes:write')).toBe('consent')
    await server.as.approve(await valid(client, undefined, 'notes:write'), server.userId)
    expect(await next(client, server.userId, undefined, 'notes:read notes:write')).toBe('code')
    expect(await next(client, server.userId, undefined, 'notes:admin')).toBe('consent')
  })

  test('what one person agreed to is not what another did', async () => {
    const client = await confidentialClient()
    await server.as.approve(await valid(client), server.userId)
    expect(await next(client, 'usr_somebody_else')).toBe('consent')
  })

  test('what was agreed to for one client is not agreed to for another', async () => {
    await server.as.approve(await valid(await confidentialClient()), server.userId)
    expect(await next(await confidentialClient(), server.userId)).toBe('consent')
  })

  test('a person who revokes the grant is asked again', async () => {
    const client = await confidentialClient()
    await server.as.approve(await valid(client), server.userId)
    const grants = await server.store.grants.listLive(server.userId, server.clock.now)
    const grant = grants.find(({ clientId }) => clientId === client)
    expect(await server.as.revokeGrant(grant?.id ?? '', server.userId)).toBe(true)
    expect(await next(client, server.userId)).toBe('consent')
  })
})

describe('section 3.1.2.1 none cannot stand beside others', () => {
  test.each(['none login', 'login none', 'none consent', 'none nonsense'])('%p is invalid_request', async (prompt) => {
    const outcome = await judge(publicClient, { prompt })
    expect(wordOf(outcome.kind === 'redirect' ? outcome : { kind: 'sign_in' })).toBe('invalid_request')
  })
})

test('AS-058 declining is remembered for nobody', async () => {
  const client = await confidentialClient()
  server.as.deny(await valid(client), server.userId)
  expect(await next(client, server.userId)).toBe('consent')
})
