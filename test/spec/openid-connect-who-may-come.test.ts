/**
 * Whom a provider's word lets in, and whose account that is: domains, groups, subjects, names.
 *
 * @see OpenID Connect Core 1.0 section 5.1 and section 5.7
 * @see docs/adr/0192-who-somebody-is.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createBrowser } from '../support/authorization-server.ts'
import { createCompanyWorld, IDP } from '../support/company.ts'

describe('who may come', () => {
  test.each([
    ['a verified address of a listed domain', {}, null],
    ['another domain', { email: 'ada@evil.example' }, 'foreign_email_domain'],
    ['a domain that only ends alike', { email: 'ada@notcompany.example' }, 'foreign_email_domain'],
    ['a domain below a listed one', { email: 'ada@x.company.example' }, 'foreign_email_domain'],
    [
      'one so long that it would end alike once cut to size',
      { email: `${'a'.repeat(240)}@company.example.evil.example` },
      'unverified_email',
    ],
    ['a dot behind it', { email: 'ada@company.example.' }, 'foreign_email_domain'],
    ['a letter that looks alike', { email: 'ada@c\u043empany.example' }, 'foreign_email_domain'],
    ['two at signs', { email: 'ada@company.example@evil.example' }, 'foreign_email_domain'],
    ['no verification', { email_verified: undefined }, 'unverified_email'],
    ['no verification in words', { email_verified: 'true' }, 'unverified_email'],
    ['an address that is not verified', { email_verified: false }, 'unverified_email'],
    ['no address', { email: undefined }, 'unverified_email'],
  ])('domains: %s', async (_, changes, problem) => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld({ domains: ['company.example'] })
    Object.assign(company.person, changes)
    const back = await signIn(createBrowser(server), null)
    expect(back.status).toBe(problem === null ? 303 : 403)
    expect(lastFailure() ?? null).toBe(problem)
    expect((await server.store.identities.find(IDP, company.person.sub)) === null).toBe(problem !== null)
    await server.close()
  })

  test('domains: an address in the ID token is not verified by what userinfo says of another', async () => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld({ domains: ['company.example'] })
    company.lies.claims = (honest) => ({ ...honest, email: 'eve@company.example' })
    await signIn(createBrowser(server), null)
    expect(lastFailure()).toBe('unverified_email')
    await server.close()
  })

  test.each([
    ['in one of them', { groups: ['x', 'mcp-users'] }, null],
    ['one as a text', { groups: 'mcp-users' }, null],
    ['in none of them', { groups: ['mcp-users-not'] }, 'missing_group'],
    ['in none at all', { groups: undefined }, 'missing_group'],
  ])('groups: %s', async (_, changes, problem) => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld({ groups: ['mcp-users'] })
    Object.assign(company.person, changes)
    expect((await signIn(createBrowser(server), null)).status).toBe(problem === null ? 303 : 403)
    expect(lastFailure() ?? null).toBe(problem)
    await server.close()
  })

  test('groups: userinfo says nothing against the ID token, which is signed', async () => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld({ groups: ['mcp-users'] })
    company.lies.claims = (honest) => ({ ...honest, groups: ['others'] })
    company.person['groups'] = ['mcp-users']
    expect((await signIn(createBrowser(server), null)).status).toBe(403)
    expect(lastFailure()).toBe('missing_group')
    await server.close()
  })

  test('accounts: linked only lets in who is linked; claims are called what the settings say', async () => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld({ accounts: 'linked' })
    expect((await signIn(createBrowser(server), null)).status).toBe(403)
    expect(lastFailure()).toBe('no_account')
    const at = server.clock.now
    const linked = { issuer: IDP, subject: company.person.sub, userId: server.userId, linkedAt: at, lastSeenAt: at }
    await server.store.identities.link({ ...linked, sealedRefreshToken: null, checkAt: null })
    const browser = createBrowser(server)
    expect((await signIn(browser, null)).status).toBe(303)
    expect(await (await browser.fetch('/account')).text()).toContain('ada')
    await server.close()

    const named = await createCompanyWorld({ claims: { username: 'upn', name: 'full_name' } })
    Object.assign(named.company.person, { upn: 'Zoë Ångström!', full_name: 'Zoë' })
    await named.signIn(createBrowser(named.server), null)
    expect(await named.server.store.users.findByUsername('Zoe-Angstrom-')).toMatchObject({ displayName: 'Zoë' })
    await named.server.close()
  })

  test('section 5.7 a name that a local account has makes nobody that person', async () => {
    const { server, company, signIn } = await createCompanyWorld()
    Object.assign(company.person, { preferred_username: 'ada', email: 'ada' })
    await signIn(createBrowser(server), null)
    const identity = await server.store.identities.find(IDP, company.person.sub)
    expect(identity?.userId).not.toBe(server.userId)
    expect((await server.store.users.find(identity?.userId ?? ''))?.username).toMatch(/^ada-/)
    await server.close()
  })

  test('section 2 subjects are ASCII: what a database would make one of is nobody', async () => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld()
    for (const sub of ['a\u0000', '\ud800', '\ufffd', 'K\u212a', '\n']) {
      company.person.sub = sub
      expect([(await signIn(createBrowser(server), null)).status, lastFailure()]).toEqual([400, 'malformed_id_token'])
    }
    company.person.sub = 'Ada'
    await signIn(createBrowser(server), null)
    company.person.sub = 'ada'
    await signIn(createBrowser(server), null)
    const ids = await Promise.all(['Ada', 'ada'].map((sub) => server.store.identities.find(IDP, sub)))
    expect(new Set(ids.map((one) => one?.userId)).size).toBe(2)
    await server.close()
  })

  test('a display name is a person’s own text: nothing of it is markup, and no control of it is stored', async () => {
    const { server, company, signIn } = await createCompanyWorld()
    company.person['name'] = '<img src=x onerror=alert(1)>\u0000\u001b[31m'
    const browser = createBrowser(server)
    await signIn(browser, null)
    const page = await (await browser.fetch('/account')).text()
    expect(page).toContain('&#60;img src&#61;x')
    expect(page).not.toContain('<img src=x')
    const user = await server.store.users.findByUsername('ada.lovelace@company.example')
    expect(user?.displayName).toBe('<img src=x onerror=alert(1)>[31m')
    await server.close()
  })

  test('whoever was disabled gets no second account, and whoever was removed none of what was theirs', async () => {
    const { server, company, signIn } = await createCompanyWorld()
    await signIn(createBrowser(server), null)
    const first = await server.store.identities.find(IDP, company.person.sub)
    await server.store.users.disable(first?.userId ?? '', server.clock.now)
    const users = (await server.store.users.list()).length
    expect((await signIn(createBrowser(server), null)).status).toBe(403)
    expect((await server.store.users.list()).length).toBe(users)
    await server.store.users.remove(first?.userId ?? '', server.clock.now)
    expect((await signIn(createBrowser(server), null)).status).toBe(303)
    expect((await server.store.identities.find(IDP, company.person.sub))?.userId).not.toBe(first?.userId)
    await server.close()
  })

  test('whom an administrator disabled stays out, and is told so', async () => {
    const { server, company, signIn, lastFailure } = await createCompanyWorld()
    await signIn(createBrowser(server), null)
    const identity = await server.store.identities.find(IDP, company.person.sub)
    await server.store.users.disable(identity?.userId ?? '', server.clock.now)
    const back = await signIn(createBrowser(server), null)
    expect(await back.text()).toContain('This account is disabled')
    expect(lastFailure()).toBe('upstream_account_disabled')
    await server.close()
  })
})
