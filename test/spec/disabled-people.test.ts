/**
 * A person who is disabled: nothing is opened, issued or kept for them, from that moment on, and the audit log says why.
 *
 * @see RFC 6749 section 5.2: `invalid_grant` for what was revoked
 * @module
 */
import { expect, test } from 'bun:test'
import { grant } from '../../server/store/conformance/records.ts'
import { readForm } from '../../shared/form.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  USER,
} from '../support/authorization-server.ts'
import { justBefore } from '../support/just-before.ts'

async function disabled() {
  const server = await createTestServer()
  const { client_id: clientId } = await registerClient(server)
  const disable = () => server.store.users.disable(server.userId, server.clock.now)
  return { server, clientId, disable }
}

test('the right password signs nobody in, and only with it is it said why', async () => {
  const { server, disable } = await disabled()
  await disable()
  const browser = createBrowser(server)
  const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
  const signIn = async (password: string) => {
    const body = new URLSearchParams({ csrf, username: USER.username, password })
    return browser.fetch('/sign-in', { method: 'POST', body })
  }
  const right = await signIn(USER.password)
  expect(right.status).toBe(403)
  expect(await right.text()).toContain('This account is disabled')
  expect(server.events.at(-1)).toMatchObject({ type: 'sign_in_failed', reason: 'account_disabled' })
  const wrong = await signIn('not the password')
  expect(await wrong.text()).not.toContain('disabled')
  await server.close()
})

test('a sign-in that was under way makes no session, also once the person is enabled again', async () => {
  const { server, disable } = await disabled()
  const browser = createBrowser(server)
  const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
  const { users, sessions } = server.store
  justBefore(sessions, 'create', disable)
  const body = new URLSearchParams({ csrf, ...USER })
  const answer = await browser.fetch('/sign-in', { method: 'POST', body })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
  expect(server.events.at(-1)).toMatchObject({ type: 'sign_in_failed', reason: 'bad_credentials' })
  await users.enable(server.userId)
  expect((await browser.fetch('/account')).headers.get('location')).toBe('/sign-in')
  await server.close()
})

test('nor does one with a password that is replaced while it is checked', async () => {
  const { server } = await disabled()
  const browser = createBrowser(server)
  const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
  justBefore(server.store.sessions, 'create', () => server.store.users.setPassword(server.userId, 'another'))
  const answer = await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ csrf, ...USER }) })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
  expect(server.events.at(-1)).toMatchObject({ type: 'sign_in_failed', reason: 'bad_credentials' })
  await server.close()
})

test('who agrees while it happens gets access_denied, and there is no grant', async () => {
  const { server, clientId, disable } = await disabled()
  const query = await authorizationQuery(clientId)
  const outcome = await server.as.authorize(readForm(query), { signedIn: true })
  if (outcome.kind !== 'valid') throw new Error(outcome.kind)
  await disable()
  const location = new URL(await server.as.approve(outcome.request, server.userId))
  expect(Object.fromEntries(location.searchParams)).toMatchObject({ error: 'access_denied', state: 'state-1' })
  expect(location.searchParams.has('code')).toBe(false)
  expect(server.events.at(-1)).toMatchObject({ type: 'authorization_rejected', reason: 'no_longer_signed_in' })
  expect(await server.store.grants.listLive(server.userId, server.clock.now)).toEqual([])
  await server.close()
})

/** Somebody who is signed in, at a client that proves who it is. */
async function visiting() {
  const { server } = await disabled()
  const client = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
  const browser = createBrowser(server)
  const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
  await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ csrf, ...USER }) })
  const url = `/oauth/authorize?${await authorizationQuery(client.client_id)}`
  const errorOf = (answer: Response) => new URL(answer.headers.get('location') ?? '').searchParams.get('error')
  // Which leaves the account as it is.
  const signOutEverywhere = () => server.store.users.setPassword(server.userId, 'another')
  return { server, clientId: client.client_id, browser, url, errorOf, signOutEverywhere }
}

test('who agrees while their session ends gets access_denied, and there is no grant', async () => {
  const { server, browser, url, errorOf, signOutEverywhere } = await visiting()
  const body = new URLSearchParams({ ...formFields(await (await browser.fetch(url)).text()), decision: 'allow' })
  justBefore(server.store.grants, 'create', signOutEverywhere)
  expect(errorOf(await browser.fetch('/oauth/authorize/consent', { method: 'POST', body }))).toBe('access_denied')
  expect(await server.store.grants.listLive(server.userId, server.clock.now)).toEqual([])
  await server.close()
})

test('the same, where nobody is asked because they agreed before', async () => {
  const { server, clientId, browser, url, errorOf, signOutEverywhere } = await visiting()
  const { userId, clock, store } = server
  const before = grant({ userId, clientId, resource: RESOURCE, createdAt: clock.now, expiresAt: clock.now + 60 })
  await store.grants.redeem(before, { assertion: null, proof: null }, clock.now)
  const { scopes } = before
  await store.consents.remember({ userId, clientId, resource: RESOURCE, scopes, grantedAt: 0, clientDigest: null })
  justBefore(store.grants, 'create', signOutEverywhere)
  expect(errorOf(await browser.fetch(url))).toBe('access_denied')
  expect((await store.grants.listLive(userId, clock.now)).map(({ id }) => id)).toEqual([before.id])
  await server.close()
})

test('nor is it remembered that they agreed, or told: who was granted something before is asked again', async () => {
  const { server, clientId, browser, url, signOutEverywhere } = await visiting()
  const { userId, clock, store } = server
  const before = grant({ userId, clientId, resource: RESOURCE, createdAt: clock.now, expiresAt: clock.now + 60 })
  await store.grants.redeem(before, { assertion: null, proof: null }, clock.now)
  const body = new URLSearchParams({ ...formFields(await (await browser.fetch(url)).text()), decision: 'allow' })
  justBefore(store.grants, 'create', signOutEverywhere)
  await browser.fetch('/oauth/authorize/consent', { method: 'POST', body })
  expect(await store.consents.find(userId, clientId, RESOURCE)).toBeNull()
  expect(server.events.map(({ type }): string => type)).not.toContain('consent_remembered')
  await server.close()
})

test('codes, refresh tokens and access tokens that are out are worth nothing, also once the person is enabled again', async () => {
  const { server, clientId, disable } = await disabled()
  const code = await obtainCode(server, clientId)
  const tokens = await obtainTokens(server, clientId)
  await disable()
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: clientId }
  const [, payload = ''] = tokens.access_token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  for (const again of [false, true]) {
    if (again) await server.store.users.enable(server.userId)
    for (const form of [codeForm(clientId, code), refresh]) {
      const answer = await postForm(server, '/oauth/token', form)
      expect([answer.status, (await answer.json()).error]).toEqual([400, 'invalid_grant'])
      expect(server.events.at(-1)).toMatchObject({ type: 'token_rejected', reason: 'dead_grant' })
    }
    expect(await server.as.isLive(claims)).toBe(false)
  }
  await server.close()
})
