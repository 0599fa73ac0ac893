/**
 * Answers of an honest provider in the wrong browser, at the wrong time, or for somebody else.
 *
 * @see RFC 6749 section 10.12 (cross-site request forgery)
 * @see RFC 9700 section 4.5 (code injection) and section 4.7 (login CSRF)
 * @see OAuth 2.1 section 7.13 (draft-ietf-oauth-v2-1-16): open redirectors
 * @module
 */
import { expect, test } from 'bun:test'
import { createBrowser } from '../support/authorization-server.ts'
import { createCompanyWorld, IDP } from '../support/company.ts'

test('login CSRF: the attacker’s own answer in the victim’s browser signs nobody in, and stays good in the attacker’s', async () => {
  const { server, company, leave, lastFailure } = await createCompanyWorld()
  const [attacker, victim] = [createBrowser(server), createBrowser(server)]
  const answer = company.authorize(await leave(attacker, null)).href
  // With no cookie, with that of a visit, and with one that was planted.
  expect((await victim.fetch(answer)).status).toBe(400)
  await victim.fetch('/sign-in')
  expect((await victim.fetch(answer)).status).toBe(400)
  expect(lastFailure()).toBe('unknown_sign_in')
  expect(company.asked.some(({ url }) => url.endsWith('/token'))).toBe(false)
  expect((await attacker.fetch(answer)).status).toBe(303)
  await server.close()
})

test('a person who is signed in already stays who they are when the attacker’s answer comes', async () => {
  const { server, company, leave, signIn, query } = await createCompanyWorld()
  const [attacker, victim] = [createBrowser(server), createBrowser(server)]
  Object.assign(company.person, { sub: 'victim', preferred_username: 'victim' })
  await signIn(victim, null)
  Object.assign(company.person, { sub: 'attacker', preferred_username: 'attacker' })
  const answer = company.authorize(await leave(attacker, await query())).href
  // To an authorization request, as any link leads: consent is asked for, of the victim, by name.
  const sent = await victim.fetch(answer)
  expect(sent.headers.get('location')).toStartWith('/oauth/authorize?')
  const page = await (await victim.fetch(sent.headers.get('location') ?? '')).text()
  expect(page).toContain('victim')
  expect(page).not.toContain('attacker')
  expect(await server.store.identities.find(IDP, 'attacker')).toBeNull()
  await server.close()
})

test('a callback that is replayed, at once and by 16 at a time: one session', async () => {
  const { server, company, leave } = await createCompanyWorld()
  const browser = createBrowser(server)
  const answer = company.authorize(await leave(browser, null)).href
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  const fetches = Array.from({ length: 16 }, () => server.fetch(answer, { headers: { cookie } }))
  const statuses = (await Promise.all(fetches)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 303).length).toBe(1)
  expect(server.events.filter(({ type }) => type === 'sign_in').length).toBe(1)
  await server.close()
})

test('a HEAD of something that only looks at links uses no answer up', async () => {
  const { server, company, leave } = await createCompanyWorld()
  const browser = createBrowser(server)
  const answer = company.authorize(await leave(browser, null)).href
  const looked = await browser.fetch(answer, { method: 'HEAD' })
  expect([looked.status === 303, looked.headers.getSetCookie()]).toEqual([false, []])
  expect((await browser.fetch(answer)).status).toBe(303)
  await server.close()
})

test('code injection: a code that was issued for another browser does not fit this one’s verifier', async () => {
  const { server, company, leave, lastFailure } = await createCompanyWorld()
  const [attacker, victim] = [createBrowser(server), createBrowser(server)]
  const stolen = company.authorize(await leave(victim, null)).searchParams.get('code') ?? ''
  const own = company.authorize(await leave(attacker, null))
  own.searchParams.set('code', stolen)
  expect((await attacker.fetch(own.href)).status).toBe(400)
  expect(lastFailure()).toBe('code_refused')
  await server.close()
})

test('an ID token that was issued for another browser does not fit this one’s nonce', async () => {
  const { server, company, leave, lastFailure } = await createCompanyWorld()
  const [attacker, victim] = [createBrowser(server), createBrowser(server)]
  const nonce = new URL(await leave(victim, null)).searchParams.get('nonce')
  company.lies.claims = (honest) => ({ ...honest, nonce })
  expect((await attacker.fetch(company.authorize(await leave(attacker, null)).href)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_id_token_nonce')
  await server.close()
})

test('two attempts of one browser share nothing that an answer could be carried over with', async () => {
  const { server, leave } = await createCompanyWorld()
  const browser = createBrowser(server)
  const [one, two] = [new URL(await leave(browser, null)), new URL(await leave(browser, null))]
  for (const name of ['state', 'nonce', 'code_challenge'])
    expect(one.searchParams.get(name)).not.toBe(two.searchParams.get(name))
  await server.close()
})

test('repeated and broken parameters of an answer', async () => {
  const { server, company, leave } = await createCompanyWorld()
  const browser = createBrowser(server)
  const good = company.authorize(await leave(browser, null)).href
  for (const more of ['&state=x', `&iss=${encodeURIComponent(IDP)}`, '&code=x', '&error=access_denied']) {
    const answer = company.authorize(await leave(browser, null)).href
    expect((await browser.fetch(answer + more)).status).toBeGreaterThanOrEqual(400)
  }
  expect((await browser.fetch(good)).status).toBe(303)
  await server.close()
})

test('open redirects: nothing in an answer, a form or a link names where a person goes on to', async () => {
  const { server, company, leave, query } = await createCompanyWorld()
  const browser = createBrowser(server)
  const evil = encodeURIComponent('https://evil.example/')
  const names = [
    'return',
    'return_to',
    'next',
    'redirect',
    'redirect_uri',
    'url',
    'target_link_uri',
    'request',
    'iss_uri',
  ]
  for (const request of [null, await query()]) {
    const answer = company.authorize(await leave(createBrowser(server), request)).href
    expect(answer).not.toContain('evil')
    const there = await leave(browser, request)
    const sent = await browser.fetch(company.authorize(there).href + names.map((name) => `&${name}=${evil}`).join(''))
    expect(sent.headers.get('location')).toMatch(/^\/(?:account|oauth\/authorize)/)
    expect(sent.headers.get('location')).not.toContain('evil')
    browser.cookies.clear()
  }
  await server.close()
})

test('the sign-in that a form of another site begins', async () => {
  const { server, company } = await createCompanyWorld()
  const browser = createBrowser(server)
  await browser.fetch('/sign-in')
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}]) {
    const body = new URLSearchParams({ provider: 'company', csrf: 'guessed' })
    const answer = await browser.fetch('/oidc/start', { method: 'POST', body, headers })
    expect(answer.status).toBe(403)
  }
  expect(company.asked).toEqual([])
  await server.close()
})
