/**
 * Signing in at a company's identity provider: what is sent, what is believed, and where a person goes on to.
 *
 * @see OpenID Connect Core 1.0 section 3.1
 * @see MCP 2026-07-28, security best practices, "Confused Deputy" (SEC-020 to SEC-025)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import {
  codeForm,
  createBrowser,
  formFields,
  postForm,
  REDIRECT_URI,
  registerClient,
} from '../support/authorization-server.ts'
import { CLIENT_ID, CLIENT_SECRET, createCompanyWorld, IDP } from '../support/company.ts'

describe('the request', () => {
  test('section 3.1.2.1 MUST ask for openid and a code, with state, nonce and an S256 challenge, at the provider’s own callback', async () => {
    const { server, leave, query } = await createCompanyWorld()
    const url = new URL(await leave(createBrowser(server), await query()))
    expect(url.origin + url.pathname).toBe(`${IDP}/authorize`)
    const sent = Object.fromEntries(url.searchParams)
    expect(sent).toMatchObject({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: `${server.issuer}/oidc/callback/company`,
      scope: 'openid profile email offline_access',
      code_challenge_method: 'S256',
    })
    for (const name of ['state', 'nonce', 'code_challenge']) expect(sent[name]).toMatch(/^[\w-]{43}$/)
    expect(new Set([sent['state'], sent['nonce'], sent['code_challenge']]).size).toBe(3)
    // Nothing of the application goes there.
    expect(url.href).not.toContain(encodeURIComponent(REDIRECT_URI))
    await server.close()
  })

  test('section 3.1.2.1 a provider may want more parameters, and get a prompt each time', async () => {
    const parameters = { access_type: 'offline', domain_hint: 'company.example' }
    const { server, leave } = await createCompanyWorld({ parameters, prompt: 'consent' })
    const sent = Object.fromEntries(new URL(await leave(createBrowser(server), null)).searchParams)
    expect(sent).toMatchObject({ ...parameters, prompt: 'consent', response_type: 'code' })
    await server.close()
  })

  test('section 3.1.2.1 prompt=login is asked of the provider, too, and its answer must be of a fresh sign-in', async () => {
    const { server, company, leave, query, lastFailure } = await createCompanyWorld()
    const browser = createBrowser(server)
    const anew = await query({ prompt: 'login' })
    const url = new URL(await leave(browser, anew))
    expect([url.searchParams.get('prompt'), url.searchParams.get('max_age')]).toEqual(['login', '0'])
    const fresh = await browser.fetch(company.authorize(url.href).href)
    expect(fresh.headers.get('location')).toStartWith('/oauth/authorize?')
    company.lies.claims = (honest) => ({ ...honest, auth_time: server.clock.now - 3600 })
    const stale = await browser.fetch(company.authorize(await leave(browser, anew)).href)
    expect(stale.status).toBe(400)
    expect(lastFailure()).toBe('stale_authentication')
    await server.close()
  })
})

describe('private_key_jwt', () => {
  test('section 9 MUST sign an assertion for this endpoint alone, for a minute, once; the secret stays away', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const client_key = { ...(await exportJWK(privateKey)), kty: 'EC', kid: 'ours' }
    const { server, company, signIn } = await createCompanyWorld({ client_key, client_auth: 'private_key_jwt' })
    for (const _ of ['first', 'second']) expect((await signIn(createBrowser(server), null)).status).toBe(303)
    const asked = company.asked.filter(({ url }) => url.endsWith('/token'))
    const jtis: unknown[] = []
    for (const { form, authorization } of asked) {
      expect(authorization).toBeUndefined()
      expect(form?.get('client_secret')).toBeNull()
      expect(form?.get('client_id')).toBe(CLIENT_ID)
      expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      const { payload, protectedHeader } = await jwtVerify(form?.get('client_assertion') ?? '', publicKey, {
        audience: `${IDP}/token`,
        issuer: CLIENT_ID,
        subject: CLIENT_ID,
        currentDate: new Date(server.clock.now * 1000),
      })
      expect(protectedHeader).toEqual({ alg: 'ES256', kid: 'ours' })
      expect([payload.iat, payload.exp]).toEqual([server.clock.now, server.clock.now + 60])
      jtis.push(payload.jti)
    }
    expect(new Set(jtis).size).toBe(2)
    await server.close()
  })
})

describe('the whole way', () => {
  test('an authorization request survives it: sign-in at the company, consent here, code, tokens', async () => {
    const { server, company, signIn, query, clientId } = await createCompanyWorld()
    const browser = createBrowser(server)
    const back = await signIn(browser, await query())
    expect(back.status).toBe(303)
    const page = await (await browser.fetch(back.headers.get('location') ?? '')).text()
    expect(page).toContain('Allow access?')
    expect(page).toContain('Ada Lovelace')
    const decided = await browser.fetch('/oauth/authorize/consent', {
      method: 'POST',
      body: new URLSearchParams({ ...formFields(page), decision: 'allow' }),
    })
    const code = new URL(decided.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const answer = await postForm(server, '/oauth/token', codeForm(clientId, code))
    expect(answer.status).toBe(200)
    const user = await server.store.users.findByUsername('ada.lovelace@company.example')
    expect(user).toMatchObject({ displayName: 'Ada Lovelace', passwordHash: null, disabledAt: null })
    expect(await server.store.identities.find(IDP, company.person.sub)).toMatchObject({ userId: user?.id })
    expect(server.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['user_added', 'identity_linked', 'sign_in', 'authorization_granted', 'token_issued']),
    )
    // RFC 6749 section 2.3.1
    const token = company.asked.find(({ url }) => url.endsWith('/token'))
    const basic = Buffer.from(`${encodeForm(CLIENT_ID)}:${encodeForm(CLIENT_SECRET)}`).toString('base64')
    expect(token?.authorization).toBe(`Basic ${basic}`)
    await server.close()
  })

  test('RS-062 upstream tokens are in no answer, no record and no log, and ours are nothing to the company', async () => {
    const world = await createCompanyWorld()
    const { server, company, query, leave, clientId } = world
    const answers: string[] = []
    const browser = createBrowser({
      async fetch(...request: Parameters<typeof server.fetch>) {
        const response = await server.fetch(...request)
        answers.push(JSON.stringify([...response.headers]), await response.clone().text())
        return response
      },
    })
    const back = await browser.fetch(company.authorize(await leave(browser, await query())).href)
    const page = await (await browser.fetch(back.headers.get('location') ?? '')).text()
    const decided = await browser.fetch('/oauth/authorize/consent', {
      method: 'POST',
      body: new URLSearchParams({ ...formFields(page), decision: 'allow' }),
    })
    const code = new URL(decided.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const tokens = await (await postForm(server, '/oauth/token', codeForm(clientId, code))).json()
    answers.push(JSON.stringify(tokens))
    const told = JSON.stringify(company.asked.map(({ form, ...rest }) => [rest, form?.toString()]))
    for (const ours of [code, tokens.access_token, tokens.refresh_token]) {
      expect(ours).toMatch(/^\S{20,}$/)
      expect(told).not.toContain(ours)
    }
    await server.flush()
    const identity = await server.store.identities.find(IDP, company.person.sub)
    const records = JSON.stringify([
      await server.store.audit.readBack(null, {}),
      await server.store.flows.since(0),
      identity,
      server.events,
    ])
    expect(company.given.length).toBeGreaterThanOrEqual(3)
    expect(identity?.sealedRefreshToken?.length).toBeGreaterThan(50)
    for (const secret of [...company.given, CLIENT_SECRET]) {
      expect(answers.some((answer) => answer.includes(secret))).toBe(false)
      expect(records.includes(secret)).toBe(false)
      expect(records.includes(Buffer.from(secret).toString('base64url').slice(0, -2))).toBe(false)
    }
    await server.close()
  })

  test('a second sign-in is the same person, whatever the provider calls them now', async () => {
    const { server, company, signIn } = await createCompanyWorld()
    await signIn(createBrowser(server), null)
    Object.assign(company.person, { preferred_username: 'ada.king', email: 'ada.king@company.example' })
    expect((await signIn(createBrowser(server), null)).headers.get('location')).toBe('/account')
    const identity = await server.store.identities.find(IDP, company.person.sub)
    expect((await server.store.users.find(identity?.userId ?? ''))?.username).toBe('ada.lovelace@company.example')
    expect(await server.store.users.findByUsername('ada.king')).toBeNull()
    await server.close()
  })

  test('several tabs: whoever comes second goes on with the session that the first has made', async () => {
    const { server, company, leave, query } = await createCompanyWorld()
    const browser = createBrowser(server)
    const [first, second] = [await query({ state: 'one' }), await query({ state: 'two' })]
    const there = [await leave(browser, first), await leave(browser, second)]
    expect((await browser.fetch(company.authorize(there[0] ?? '').href)).headers.get('location')).toContain('state=one')
    const late = await browser.fetch(company.authorize(there[1] ?? '').href)
    expect([late.status, late.headers.get('location')]).toEqual([303, expect.stringContaining('state=two')])
    expect(server.events.filter(({ type }) => type === 'sign_in').length).toBe(1)
    await server.close()
  })
})

const textOf = (page: string): string => page.replace(/<[^>]*>/g, '')

const encodeForm = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

describe('pages', () => {
  test('each provider has a button, and passwords can be off', async () => {
    const both = await createCompanyWorld()
    const page = await (await both.server.fetch('/sign-in')).text()
    expect(page).toContain('Continue with Company')
    expect(page).toContain('Continue with Other')
    expect(page).toContain('name="password"')
    await both.server.close()
    const one = await createCompanyWorld({}, { oidc: { passwords: false } })
    const browser = createBrowser(one.server)
    const only = await (await browser.fetch('/sign-in')).text()
    expect(only).not.toContain('name="password"')
    const { csrf = '' } = formFields(only)
    const body = new URLSearchParams({ csrf, username: 'ada', password: 'correct horse battery' })
    const posted = await browser.fetch('/sign-in', { method: 'POST', body })
    expect([posted.status, one.lastFailure()]).toEqual([200, 'passwords_off'])
    await one.server.close()
  })

  test.each([
    ['a provider that is away', 'silence', 503, 'cannot be reached'],
    ['a code that it does not take', 'invalid_grant', 400, 'cannot be trusted'],
    ['a secret that it does not take', 'invalid_client', 502, 'not set up right'],
  ])('%s has a page that says what to do, with the way back to the application', async (_, refuse, status, words) => {
    const { server, company, signIn, query } = await createCompanyWorld()
    company.lies.refuse = refuse
    const asked = await query()
    const answer = await signIn(createBrowser(server), asked)
    const page = await answer.text()
    expect(answer.status).toBe(status)
    expect(page).toContain(words)
    expect(formFields(page)['request']).toBe(asked)
    await server.close()
  })
})

describe('confused deputy', () => {
  test('SEC-020 and SEC-025 nothing is stored and no browser is sent on before a person acted on a page that names the application', async () => {
    const { server, company, query, leave } = await createCompanyWorld()
    const browser = createBrowser(server)
    const asked = await browser.fetch(`/oauth/authorize?${await query()}`)
    const page = await browser.fetch(asked.headers.get('location') ?? '')
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('Test Client')
    // A link is no act of a person, and neither is a form of another page.
    expect((await browser.fetch('/oidc/start?provider=company')).status).toBe(404)
    const forged = await browser.fetch('/oidc/start', {
      method: 'POST',
      body: new URLSearchParams({ provider: 'company' }),
    })
    expect(forged.status).toBe(403)
    expect(company.asked).toEqual([])
    await leave(browser, await query())
    expect(company.asked.length).toBe(1)
    await server.close()
  })

  test('SEC-020 and SEC-021 signing in at the company is no consent: each client is asked for here, the second as well', async () => {
    const { server, signIn, query } = await createCompanyWorld()
    const browser = createBrowser(server)
    for (const state of ['one', 'two']) {
      const asked = await browser.fetch(`/oauth/authorize?${await query({ state })}`)
      const next = asked.status === 303 ? await signIn(browser, await query({ state })) : asked
      const page = next.status === 303 ? await browser.fetch(next.headers.get('location') ?? '') : next
      expect(await page.clone().text()).toContain('Allow access?')
      expect(page.headers.get('x-frame-options')).toBe('DENY')
    }
    expect(server.events.some(({ type }) => type === 'authorization_granted')).toBe(false)
    await server.close()
  })

  test('RS-060 SEC-020 what a person allowed one client is not allowed to the next that somebody registers', async () => {
    const { server, signIn, query } = await createCompanyWorld()
    const browser = createBrowser(server)
    const consentOf = async (asked: string): Promise<string> => {
      const answer = await browser.fetch(`/oauth/authorize?${asked}`)
      return answer.status === 303
        ? browser.fetch(answer.headers.get('location') ?? '').then((page) => page.text())
        : answer.text()
    }
    await signIn(browser, await query())
    const body = new URLSearchParams({ ...formFields(await consentOf(await query())), decision: 'allow' })
    const allowed = await browser.fetch('/oauth/authorize/consent', { method: 'POST', body })
    expect(allowed.headers.get('location')).toContain('code=')
    const { client_id } = await registerClient(server, { client_name: 'Stranger' })
    const page = await consentOf(await query({ client_id }))
    expect(page).toContain('Allow access?')
    expect(page).toContain('Stranger')
    expect(server.events.filter(({ type }) => type === 'authorization_granted')).toHaveLength(1)
    await server.close()
  })

  test('SEC-021 before a browser is sent on, the page says for whom, what is asked for there, and where the answer goes', async () => {
    const { server, query } = await createCompanyWorld({ scopes: ['profile'] })
    const browser = createBrowser(server)
    const sent = await browser.fetch(`/sign-in?${new URLSearchParams({ request: await query() })}`)
    expect(sent.headers.get('x-frame-options')).toBe('DENY')
    expect(sent.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const page = textOf(await sent.text())
    expect(page).toContain('to continue to Test Client')
    expect(page).toContain('(openid profile at Company, openid profile email offline_access at Other)')
    expect(page).toContain(`what the application at ${new URL(REDIRECT_URI).host} may do`)
    // A document that is read once somebody is signed in: its publisher is known by its name.
    const asked = await query({ client_id: 'https://app.example/client.json' })
    const unread = await (await browser.fetch(`/sign-in?${new URLSearchParams({ request: asked })}`)).text()
    expect(textOf(unread)).toContain('what the application at app.example may do')
    expect(textOf(await (await browser.fetch('/sign-in')).text())).not.toContain('openid profile')
    await server.close()
  })

  test('SEC-022 the one cookie is __Host-, Secure, HttpOnly and SameSite=Lax, and new after the sign-in', async () => {
    const { server, company, leave } = await createCompanyWorld()
    const browser = createBrowser(server)
    const there = await leave(browser, null)
    const before = [...browser.cookies.values()][0]
    const back = await browser.fetch(company.authorize(there).href)
    const [line = ''] = back.headers.getSetCookie()
    expect(line).toMatch(/^__Host-sallyport_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure/)
    expect([...browser.cookies.values()]).not.toContain(before)
    await server.close()
  })

  test('SEC-023 a redirect URI that is not registered ends here, before any company is asked', async () => {
    const { server, company, query } = await createCompanyWorld()
    const browser = createBrowser(server)
    const bad = await query({ redirect_uri: 'https://evil.example/' })
    expect((await browser.fetch(`/sign-in?${new URLSearchParams({ request: bad })}`)).status).toBe(400)
    const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
    const body = new URLSearchParams({ csrf, provider: 'company', request: bad })
    expect((await browser.fetch('/oidc/start', { method: 'POST', body })).status).toBe(400)
    expect(company.asked).toEqual([])
    await server.close()
  })

  test('SEC-024 a state counts once, for ten minutes, and exactly', async () => {
    const { server, company, leave, lastFailure } = await createCompanyWorld()
    const late = createBrowser(server)
    const callback = company.authorize(await leave(late, null)).href
    server.clock.now += 600
    expect([(await late.fetch(callback)).status, lastFailure()]).toEqual([400, 'unknown_sign_in'])
    const browser = createBrowser(server)
    const good = company.authorize(await leave(browser, null))
    const spoiled = new URL(good)
    spoiled.searchParams.set('state', `${good.searchParams.get('state')}x`)
    expect((await browser.fetch(spoiled.href)).status).toBe(400)
    spoiled.searchParams.delete('state')
    expect((await browser.fetch(spoiled.href)).status).toBe(400)
    expect((await browser.fetch(good.href)).status).toBe(303)
    expect((await browser.fetch(good.href)).status).toBe(400)
    await server.close()
  })
})
