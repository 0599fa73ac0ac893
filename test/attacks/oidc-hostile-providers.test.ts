/**
 * Providers that lie, or somebody who answers in their place: nobody is signed in, and the audit log says why.
 *
 * @see OpenID Connect Core 1.0 section 3.1.3.7 and section 16
 * @see RFC 9700 section 4.4 (mix-up) and section 4.5 (injected codes)
 * @see RFC 8725 section 2.1: algorithm confusion
 * @module
 */
import { expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { createBrowser } from '../support/authorization-server.ts'
import { CLIENT_SECRET, type Company, createCompanyWorld, IDP, type Lies } from '../support/company.ts'

/** A key of the attacker's, under the name of the company's. */
const stolen = await generateKeyPair('ES256', { extractable: true })
const stolenJwk = { ...(await exportJWK(stolen.publicKey)), alg: 'ES256', kid: 'company-1' }
const header = { alg: 'ES256', kid: 'company-1' }

type Lie = (company: Company) => Lies

const claims =
  (changes: Record<string, unknown>): Lie =>
  () => ({ claims: (honest) => ({ ...honest, ...changes }) })

const lies: readonly [string, Lie, string][] = [
  [
    'an ID token without a signature',
    () => ({ sign: async (given) => new UnsecuredJWT(given).encode() }),
    'wrong_id_token_signature',
  ],
  [
    'HS256 with the client secret',
    () => ({
      sign: (given) =>
        new SignJWT(given).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(CLIENT_SECRET)),
    }),
    'wrong_id_token_signature',
  ],
  [
    'HS256 with the public key',
    () => ({
      sign: (given) =>
        new SignJWT(given)
          .setProtectedHeader({ alg: 'HS256', kid: 'company-1' })
          .sign(new TextEncoder().encode(JSON.stringify(stolenJwk))),
    }),
    'wrong_id_token_signature',
  ],
  [
    'a key of somebody else under the same name',
    () => ({ sign: (given) => new SignJWT(given).setProtectedHeader(header).sign(stolen.privateKey) }),
    'wrong_id_token_signature',
  ],
  [
    'a key that the token brings along',
    () => ({
      sign: (given) => new SignJWT(given).setProtectedHeader({ ...header, jwk: stolenJwk }).sign(stolen.privateKey),
    }),
    'wrong_id_token_signature',
  ],
  ['no JWT at all', () => ({ sign: async () => 'not.a.jwt' }), 'malformed_id_token'],
  ['no ID token', () => ({ tokens: ({ id_token: _, ...honest }) => honest }), 'malformed_id_token'],
  ['another issuer', claims({ iss: 'https://other.example' }), 'wrong_id_token_issuer'],
  ['the issuer with a slash', claims({ iss: `${IDP}/` }), 'wrong_id_token_issuer'],
  ['another audience', claims({ aud: 'another-client' }), 'wrong_id_token_audience'],
  [
    'another audience that nobody trusts, although it was made for us',
    claims({ aud: ['sallyport-at-company', 'another'], azp: 'sallyport-at-company' }),
    'wrong_id_token_audience',
  ],
  ['several audiences without azp', claims({ aud: ['sallyport-at-company', 'another'] }), 'wrong_id_token_audience'],
  ['another azp', claims({ azp: 'another-client' }), 'wrong_id_token_audience'],
  ['another nonce', claims({ nonce: 'another' }), 'wrong_id_token_nonce'],
  ['no nonce', claims({ nonce: undefined }), 'wrong_id_token_nonce'],
  ['one that has expired', claims({ exp: 1_800_000_000 - 60 }), 'expired_id_token'],
  ['one of the future', claims({ iat: 1_800_000_000 + 61 }), 'expired_id_token'],
  ['no expiry', claims({ exp: undefined }), 'malformed_id_token'],
  ['no subject', claims({ sub: undefined }), 'malformed_id_token'],
  ['an empty subject', claims({ sub: '' }), 'malformed_id_token'],
  ['the hash of another access token', claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'wrong_id_token_at_hash'],
  [
    'an access token that was swapped',
    () => ({ tokens: (honest) => ({ ...honest, access_token: 'swapped' }) }),
    'wrong_id_token_at_hash',
  ],
  [
    'userinfo of somebody else',
    () => ({ userinfo: () => ({ sub: 'the-boss', name: 'The Boss' }) }),
    'wrong_userinfo_subject',
  ],
  ['userinfo that is a page', () => ({ userinfo: () => '<!doctype html><title>Sign in' }), 'provider_unavailable'],
  ['userinfo without end', () => ({ userinfo: () => ({ more: 'x'.repeat(70_000) }) }), 'provider_unavailable'],
  ['keys that are a page', () => ({ jwks: () => '<!doctype html><title>Sign in' }), 'provider_unavailable'],
  [
    'keys without end',
    () => ({ jwks: (honest) => ({ ...honest, more: 'x'.repeat(300_000) }) }),
    'provider_unavailable',
  ],
  ['userinfo of nobody', () => ({ userinfo: () => ({ name: 'The Boss' }) }), 'provider_unavailable'],
  ['a code that it does not know', () => ({ refuse: 'invalid_grant' }), 'code_refused'],
  ['tokens that are no JSON', () => ({ tokens: () => JSON.parse('[]') }), 'malformed_id_token'],
]

test.each(lies)('%s', async (_, lie, reason) => {
  const { server, company, signIn, query, lastFailure } = await createCompanyWorld()
  Object.assign(company.lies, lie(company))
  const browser = createBrowser(server)
  const answer = await signIn(browser, await query())
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(lastFailure()).toBe(reason)
  expect(await server.store.identities.find(IDP, company.person.sub)).toBeNull()
  expect((await browser.fetch('/account')).headers.get('location')).toBe('/sign-in')
  expect(server.failures).toEqual([])
  await server.close()
})

test('section 3.1.3.7 others whom an administrator trusts may be named beside this server, which azp has to name', async () => {
  for (const [azp, status] of [
    ['sallyport-at-company', 303],
    ['account', 400],
    [undefined, 400],
  ] as const) {
    const { server, company, signIn } = await createCompanyWorld({ audiences: ['account'] })
    company.lies.claims = (honest) => ({ ...honest, aud: ['account', 'sallyport-at-company'], azp })
    expect((await signIn(createBrowser(server), null)).status).toBe(status)
    await server.close()
  }
})

test('section 3.1.3.8 an ID token of the code flow need not have an at_hash', async () => {
  const { server, company, signIn } = await createCompanyWorld()
  company.lies.claims = ({ at_hash: _, ...honest }) => honest
  expect((await signIn(createBrowser(server), null)).status).toBe(303)
  await server.close()
})

test('the keys are swapped between sign-in and answer: the old signature counts no more, and a new one does', async () => {
  const { server, company, signIn, lastFailure } = await createCompanyWorld()
  expect((await signIn(createBrowser(server), null)).status).toBe(303)
  company.lies.sign = (given) =>
    new SignJWT(given).setProtectedHeader({ ...header, kid: 'other' }).sign(stolen.privateKey)
  expect((await signIn(createBrowser(server), null)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_id_token_signature')
  company.lies.jwks = () => ({ keys: [{ ...stolenJwk, kid: 'other' }] })
  server.clock.now += 3700
  expect((await signIn(createBrowser(server), null)).status).toBe(303)
  await server.close()
})

const metadataLies: readonly [string, (honest: Record<string, unknown>) => unknown, string][] = [
  ['names another issuer', (honest) => ({ ...honest, issuer: 'https://other.example' }), 'provider_misconfigured'],
  ['names its issuer with a slash', (honest) => ({ ...honest, issuer: `${IDP}/` }), 'provider_misconfigured'],
  [
    'sends browsers to a script',
    (honest) => ({ ...honest, authorization_endpoint: 'javascript:alert(1)' }),
    'provider_misconfigured',
  ],
  [
    'sends browsers to http',
    (honest) => ({ ...honest, authorization_endpoint: 'http://login.company.example/a' }),
    'provider_misconfigured',
  ],
  [
    'wants the secret over http',
    (honest) => ({ ...honest, token_endpoint: 'http://login.company.example/t' }),
    'provider_misconfigured',
  ],
  [
    'wants it with a user name in the URL',
    (honest) => ({ ...honest, token_endpoint: 'https://a:b@login.company.example/t' }),
    'provider_misconfigured',
  ],
  ['has no token endpoint', ({ token_endpoint: _, ...honest }) => honest, 'provider_misconfigured'],
  ['is no JSON', () => '<html>', 'provider_misconfigured'],
  ['is longer than anybody reads', (honest) => ({ ...honest, more: 'x'.repeat(70_000) }), 'provider_unavailable'],
]

test.each(metadataLies)('metadata that %s', async (_, lie, reason) => {
  const { server, company, leave, lastFailure } = await createCompanyWorld()
  company.lies.metadata = lie
  await expect(leave(createBrowser(server), null)).rejects.toThrow(/answered 50[23]/)
  await leave(createBrowser(server), null).catch(() => {})
  expect(lastFailure()).toBe(reason)
  await server.close()
})

test('RFC 9700 section 4.4 mix-up: the answer of one provider to what another was asked', async () => {
  const { server, company, other, leave, lastFailure } = await createCompanyWorld()
  const browser = createBrowser(server)
  // The person chose the other; the attacker sends them on to the company, with the other's state.
  const there = new URL(await leave(browser, null, 'other'))
  const state = there.searchParams.get('state') ?? ''
  const mixed = new URL(company.authorize(await leave(browser, null)).href)
  mixed.searchParams.set('state', state)
  expect((await browser.fetch(mixed.href)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_provider')
  // At the right callback, but of another issuer.
  const again = new URL(other.authorize(await leave(browser, null, 'other')).href)
  again.searchParams.set('iss', IDP)
  expect((await browser.fetch(again.href)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_provider')
  // No code ever went to where it was not issued.
  expect([...company.asked, ...other.asked].some(({ url }) => url.endsWith('/token'))).toBe(false)
  await server.close()
})

test('RFC 9700 section 4.4.2.2 mix-up among providers that say no iss: each has a callback of its own', async () => {
  const { server, company, other, leave, lastFailure } = await createCompanyWorld()
  for (const { lies } of [company, other]) {
    lies.metadata = ({ authorization_response_iss_parameter_supported: _, ...honest }) => honest
    lies.answer = (honest) => honest.delete('iss')
  }
  const browser = createBrowser(server)
  const state = new URL(await leave(browser, null, 'other')).searchParams.get('state') ?? ''
  const mixed = new URL(company.authorize(await leave(browser, null)).href)
  mixed.searchParams.set('state', state)
  expect((await browser.fetch(mixed.href)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_provider')
  expect([...company.asked, ...other.asked].some(({ url }) => url.endsWith('/token'))).toBe(false)
  await server.close()
})

test('RFC 9207 section 2.4 an answer without the iss that the metadata promises; one that is promised by nobody may be missing', async () => {
  const { server, company, signIn, lastFailure } = await createCompanyWorld()
  company.lies.answer = (honest) => honest.delete('iss')
  expect((await signIn(createBrowser(server), null)).status).toBe(400)
  expect(lastFailure()).toBe('wrong_provider')
  await server.close()
  const old = await createCompanyWorld()
  old.company.lies.answer = (honest) => honest.delete('iss')
  old.company.lies.metadata = ({ authorization_response_iss_parameter_supported: _, ...honest }) => honest
  expect((await old.signIn(createBrowser(old.server), null)).status).toBe(303)
  await old.server.close()
})

test('an error of the provider is told in our words, and sends nobody anywhere', async () => {
  const { server, company, signIn, query, lastFailure } = await createCompanyWorld()
  company.lies.answer = (honest) => {
    honest.delete('code')
    honest.set('error', 'access_denied')
    honest.set('error_description', '<b>call 0900 123</b>')
    honest.set('error_uri', 'https://evil.example/')
  }
  const answer = await signIn(createBrowser(server), await query())
  expect([answer.status, lastFailure()]).toEqual([403, 'provider_refused'])
  expect(await answer.text()).not.toMatch(/0900|evil/)
  await server.close()
})
