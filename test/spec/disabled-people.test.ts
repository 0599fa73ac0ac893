/**
 * A person who is disabled: nothing is opened, issued or kept for them, from that moment on, and the audit log says why.
 *
 * @see RFC 6749 section 5.2: `invalid_grant` for what was revoked
 * @module
 */
import { expect, test } from 'bun:test'
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
  registerClient,
  USER,
} from '../support/authorization-server.ts'

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

test('a session that was made while it happened shows nothing', async () => {
  const { server, disable } = await disabled()
  await disable()
  // As a sign-in that was under way leaves it.
  const cookie = 'a'.repeat(43)
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(cookie))).toString(
    'base64url',
  )
  const { now } = server.clock
  await server.store.sessions.create({ hash, userId: server.userId, createdAt: now, expiresAt: now + 60 })
  const headers = { cookie: `__Host-sallyport_session=${cookie}` }
  expect((await server.fetch('/account', { headers })).headers.get('location')).toBe('/sign-in')
  await server.store.users.enable(server.userId)
  expect((await server.fetch('/account', { headers })).status).toBe(200)
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
  expect(server.events.at(-1)).toMatchObject({ type: 'authorization_rejected', reason: 'user_disabled' })
  expect(await server.store.grants.listLive(server.userId, server.clock.now)).toEqual([])
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
