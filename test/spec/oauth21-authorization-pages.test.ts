/**
 * The authorization endpoint as a person meets it.
 *
 * @see OAuth 2.1 section 3.1, section 4.1 and section 7.9 (draft-ietf-oauth-v2-1-16)
 * @see MCP 2026-07-28, authorization, security considerations
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { createPagesFixture, type PagesFixture, RESOURCE, USER_ID, USERNAME } from '../support/pages-fixture.ts'

const REDIRECT = 'https://app.example/cb'

/** What a person reads: the page without its tags. */
const textOf = (html: string): string =>
  html
    .replace(/[\s\S]*<body>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/\s+/g, ' ')

describe('the endpoint', () => {
  let fixture: PagesFixture
  let url: string
  beforeAll(async () => {
    fixture = await createPagesFixture()
    const clientId = await fixture.register({ client_name: 'App', redirect_uris: [REDIRECT] })
    url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
  })
  const live = () => fixture.store.grants.listLive(USER_ID, fixture.clock.now)

  test('AS-053 leads whoever is not signed in to the sign-in page, by 303', async () => {
    const answer = await fixture.browser().get(url)
    expect(answer.status).toBe(303)
    const query = new URL(url).search.slice(1)
    expect(answer.location).toBe(`/sign-in?${new URLSearchParams({ request: query })}`)
  })

  test('AS-053 asks a public client again, however often it was agreed to', async () => {
    const browser = fixture.browser()
    const first = await browser.signInAt(url)
    await browser.post('/oauth/authorize/consent', { ...first.hidden, decision: 'allow' })
    const second = await browser.get(url)
    expect(second.status).toBe(200)
    expect(second.html).toContain('Allow access?')
  })

  test('AS-055 MUST NOT answer with CORS headers, nor anything but GET', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
    for (const [method, status] of [
      ['GET', 303],
      ['OPTIONS', 405],
      ['POST', 405],
      ['PUT', 405],
    ] as const) {
      const answer = await fixture.browser().send(url, { method, headers })
      expect(answer.status).toBe(status)
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      if (status === 405) expect(answer.headers.get('allow')).toBe('GET')
    }
  })

  test('AS-055 has no CORS headers on its pages either', async () => {
    for (const path of ['/sign-in', '/account', '/oauth/authorize/consent', '/sign-out', '/account/revoke']) {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const answer = await fixture.browser().send(path, { method, headers: { origin: 'https://evil.example' } })
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
  })

  test('a HEAD, sent by something that only looks at links, grants nothing', async () => {
    const browser = fixture.browser()
    const registered = await fixture.register({
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'client_secret_basic',
    })
    const remembered = fixture.authorizationUrl({ client_id: registered, redirect_uri: REDIRECT })
    const consent = await browser.signInAt(remembered)
    await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
    const before = await live()
    expect((await browser.send(remembered, { method: 'HEAD' })).status).toBe(405)
    expect(await live()).toHaveLength(before.length)
    expect((await browser.get(remembered)).location).toStartWith(`${REDIRECT}?code=`)
  })

  test('section 7.5.4 redirects with 303 after every form', async () => {
    const browser = fixture.browser()
    const signIn = await browser.follow(await browser.get(url))
    const fields = { ...signIn.hidden, username: USERNAME, password: 'correct horse battery' }
    const signedIn = await browser.post('/sign-in', fields)
    const consent = await browser.follow(signedIn)
    const denied = await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'deny' })
    const signedOut = await browser.post('/sign-out', { csrf: consent.hidden['csrf'] ?? '' })
    expect([signedIn, denied, signedOut].map(({ status }) => status)).toEqual([303, 303, 303])
  })

  test('AS-051 state comes back exactly, also after the detour over the sign-in page', async () => {
    const state = 'a b+c%20d&e=f#"<>\u00e9\u{1F511}'
    const browser = fixture.browser()
    const asked = new URL(url)
    asked.searchParams.set('state', state)
    const consent = await browser.signInAt(asked.href)
    const { location } = await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'deny' })
    expect(new URL(location ?? '').searchParams.get('state')).toBe(state)
  })

  test('prompt=login asks for the password once more, and only once', async () => {
    const browser = fixture.browser()
    await browser.signInAt('/account')
    const asked = await browser.follow(await browser.get(`${url}&prompt=login`))
    expect(textOf(asked.html)).toContain('Sign in to continue to App')
    const consent = await browser.signInAt(`${url}&prompt=login+consent`)
    expect(textOf(consent.html)).toContain('Allow access?')
    expect(new URLSearchParams(consent.hidden['request']).get('prompt')).toBe('consent')
  })

  test('prompt=none shows no page: the client hears that someone would have to sign in, or agree', async () => {
    const browser = fixture.browser()
    expect((await browser.get(`${url}&prompt=none`)).location).toContain('error=login_required')
    await browser.signInAt('/account')
    expect((await browser.get(`${url}&prompt=none`)).location).toContain('error=consent_required')
  })

  test('a session that ended while the consent page stood open: sign in, then the page again', async () => {
    const browser = fixture.browser()
    const consent = await browser.signInAt(url)
    fixture.clock.now += 24 * 60 * 60
    const answer = await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
    expect(answer.location).toStartWith('/sign-in?request=')
    expect(textOf((await browser.signInAt(answer.location ?? '')).html)).toContain('Allow access?')
  })

  test('section 7.12 neither a page nor a redirect that carries a code tells the next site where one came from', async () => {
    const browser = fixture.browser()
    const consent = await browser.signInAt(url)
    const answer = await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
    expect(answer.location).toContain('code=')
    for (const { headers } of [consent, answer]) {
      expect([headers.get('referrer-policy'), headers.get('cache-control')]).toEqual(['no-referrer', 'no-store'])
    }
  })

  test('signing out on the consent page leads back to it, for somebody else', async () => {
    const browser = fixture.browser()
    const consent = await browser.signInAt(url)
    const answer = await browser.post('/sign-out', consent.hidden)
    expect(textOf((await browser.get(answer.location ?? '')).html)).toContain('Sign in to continue to App')
  })
})

describe('the consent page', () => {
  let fixture: PagesFixture
  beforeAll(async () => {
    fixture = await createPagesFixture()
  })

  const consentText = async (metadata: Record<string, unknown>, redirectUri: string): Promise<string> => {
    const clientId = await fixture.register({ redirect_uris: [redirectUri], ...metadata })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: redirectUri })
    return textOf((await fixture.browser().signInAt(url)).html)
  }

  test('AS-058 says who asks, for what, in whose name', async () => {
    const text = await consentText({ client_name: 'Editor' }, REDIRECT)
    expect(text).toContain('Editor wants to use Notes in your name.')
    expect(text).toContain(RESOURCE.identifier)
    expect(text).toContain('Read your notes notes:read')
    expect(text).toContain('Add notes and change them notes:write')
    expect(text).toContain('Signed in as Ada Lovelace (ada)')
  })

  test('AS-058 says that a self-registered client is only called what it calls itself', async () => {
    expect(await consentText({ client_name: 'Editor' }, REDIRECT)).toContain('Nobody has verified it.')
    expect(await consentText({}, REDIRECT)).toContain('It registered itself and gave no name.')
  })

  test('AS-058 does not say so of one that an administrator registered', async () => {
    const clientId = await fixture.register({ client_name: 'Editor', redirect_uris: [REDIRECT] })
    const client = await fixture.store.clients.find(clientId)
    if (client === null) throw new Error('not registered')
    await fixture.store.clients.create({ ...client, id: 'official', origin: 'administrator' })
    const url = fixture.authorizationUrl({ client_id: 'official', redirect_uri: REDIRECT })
    expect(textOf((await fixture.browser().signInAt(url)).html)).not.toContain('verified')
  })

  test('AS-038 MUST show the host that the answer goes to', async () => {
    expect(await consentText({ client_name: 'claude.ai' }, REDIRECT)).toContain('Access goes to app.example ')
    expect(await consentText({}, 'https://app.example:8443/cb')).toContain('Access goes to app.example:8443 ')
  })

  test('SEC-006 SHOULD warn when that is a program on this computer', async () => {
    const warning = 'Any program on this computer could be receiving this access'
    for (const uri of ['http://127.0.0.1:4000/cb', 'http://[::1]:4000/cb', 'http://localhost:4000/cb']) {
      expect(await consentText({}, uri)).toContain(warning)
    }
    expect(await consentText({}, REDIRECT)).not.toContain(warning)
  })

  test('SEC-006 warns of private-use schemes, which any app can claim', async () => {
    const text = await consentText({}, 'cursor://anysphere.cursor-retrieval/oauth/callback')
    expect(text).toContain('Access goes to cursor://anysphere.cursor-retrieval ')
    expect(text).toContain('Any app on this device that opens cursor://anysphere.cursor-retrieval links')
  })
})

describe('the account page', () => {
  test('AS-058 lists what was granted, and what is revoked is gone', async () => {
    const fixture = await createPagesFixture()
    const browser = fixture.browser()
    const clientId = await fixture.register({ client_name: 'Editor', redirect_uris: [REDIRECT] })
    const consent = await browser.signInAt(fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT }))
    await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
    const account = await browser.get('/account')
    expect(textOf(account.html)).toContain('Editor may use Notes https://notes.example/mcp Read your notes notes:read')
    expect(textOf(account.html)).toContain('Since 15 Jan 2027')
    const grant = /name="grant" value="([^"]+)"/.exec(account.html)?.[1] ?? ''
    const after = await browser.follow(await browser.post('/account/revoke', { ...account.hidden, grant }))
    expect(textOf(after.html)).toContain('Access was revoked. Applications with access None.')
    expect((await fixture.store.grants.find(grant))?.revokedAt).toBe(fixture.clock.now)
    const again = await browser.post('/account/revoke', { ...account.hidden, grant })
    expect(again.location).toBe('/account')
  })

  test('is only for who is signed in, and comes after signing in', async () => {
    const fixture = await createPagesFixture()
    const browser = fixture.browser()
    expect((await browser.get('/account')).location).toBe('/sign-in')
    expect(textOf((await browser.signInAt('/account')).html)).toContain('Your account')
  })
})

describe('an issuer with a path', () => {
  test('keeps every link, form, file and redirect below it', async () => {
    const fixture = await createPagesFixture({ issuer: 'https://auth.example/tenant' })
    const browser = fixture.browser()
    const clientId = await fixture.register({ redirect_uris: [REDIRECT] })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
    const first = await browser.get(url)
    expect(first.location).toStartWith('/tenant/sign-in?')
    const pages = [await browser.follow(first), await browser.signInAt(url), await browser.get('/tenant/account')]
    for (const { html } of pages) {
      const links = [...html.matchAll(/(?:href|src|action)="([^"]+)"/g)].map(([, link]) => link ?? '')
      expect(links.length).toBeGreaterThan(3)
      expect(links.filter((link) => !link.startsWith('/tenant/'))).toEqual([])
      for (const link of links.filter((link) => link.includes('/assets/'))) {
        const { status, headers } = await browser.get(link)
        expect(status).toBe(200)
        expect(headers.get('cache-control')).toContain('immutable')
      }
    }
    const consent = pages[1]?.hidden ?? {}
    const answer = await browser.post('/tenant/oauth/authorize/consent', { ...consent, decision: 'allow' })
    expect(answer.location).toStartWith(`${REDIRECT}?code=`)
    expect(new URL(answer.location ?? '').searchParams.get('iss')).toBe('https://auth.example/tenant')
  })
})

describe('on http, which is for loopback', () => {
  test('the cookie goes without the prefix that browsers would refuse', async () => {
    const fixture = await createPagesFixture({ issuer: 'http://localhost:9100' })
    const [line] = (await fixture.browser().get('/sign-in')).headers.getSetCookie()
    expect(line).toMatch(/^sallyport_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
  })
})

describe('the development login', () => {
  test('approves every request without a page', async () => {
    const fixture = await createPagesFixture({ issuer: 'http://localhost:9100', devLogin: USERNAME })
    const clientId = await fixture.register({ redirect_uris: [REDIRECT] })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
    const answer = await fixture.browser().get(url)
    expect(answer.location).toStartWith(`${REDIRECT}?code=`)
    expect((await fixture.store.grants.listLive(USER_ID, fixture.clock.now))[0]?.clientId).toBe(clientId)
  })

  test('AS-044 still judges the request first', async () => {
    const fixture = await createPagesFixture({ issuer: 'http://localhost:9100', devLogin: USERNAME })
    const answer = await fixture.browser().get(fixture.authorizationUrl({ client_id: 'x', redirect_uri: REDIRECT }))
    expect([answer.status, answer.location]).toEqual([400, null])
  })
})

describe('trouble of our own', () => {
  test('is a 503 page with Retry-After when the database is away, on every route', async () => {
    const fixture = await createPagesFixture()
    const clientId = await fixture.register({ redirect_uris: [REDIRECT] })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
    const browser = fixture.browser()
    const consent = await browser.signInAt(url)
    await fixture.store.close()
    const answers = [
      await browser.get(url),
      await browser.get('/sign-in'),
      await browser.get('/account'),
      await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' }),
      await browser.post('/account/revoke', { ...consent.hidden, grant: 'x' }),
      await browser.post('/sign-out', consent.hidden),
      await browser.post('/sign-in', { ...consent.hidden, username: 'canary-name', password: 'canary-secret' }),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(answer.html).not.toContain('canary')
    }
    expect(fixture.failures).toHaveLength(answers.length)
    expect(fixture.failures.every((failure) => failure instanceof StoreUnavailable)).toBe(true)
  })

  test('is a 500 page that says nothing of the cause', async () => {
    const fixture = await createPagesFixture({ issuer: 'http://localhost:9100', devLogin: 'nobody-of-that-name' })
    const clientId = await fixture.register({ redirect_uris: [REDIRECT] })
    const answer = await fixture
      .browser()
      .get(fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT, state: 'canary' }))
    expect(answer.status).toBe(500)
    expect(textOf(answer.html)).toContain('Something went wrong here')
    expect(answer.html).not.toMatch(/canary|nobody-of-that-name|development login|\.ts:/)
    expect(fixture.failures).toHaveLength(1)
  })
})
