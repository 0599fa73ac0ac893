/**
 * Whose account an ID-JAG is about.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.1 and section 6
 * @see OpenID Connect Core 1.0 section 5.7
 * @see docs/adr/0185-who-vouches-for-people.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { USER } from '../support/authorization-server.ts'
import { justBefore } from '../support/just-before.ts'
import { expectError } from '../support/oauth-error.ts'
import { type Company, createCompany, createIssuer, IDP, trusting } from '../support/trusted-issuers.ts'

const open: Company[] = []
afterAll(async () => {
  for (const { server } of open) await server.close()
})
const create = async (...given: Parameters<typeof createCompany>): Promise<Company> => {
  const made = await createCompany(...given)
  open.push(made)
  return made
}

type Claims = Parameters<Company['jag']>[0]

/** The account that a token is for; otherwise why there is none. */
async function accountOf({ jag, redeem, lastReason }: Company, claims: Claims, by?: Parameters<Company['jag']>[2]) {
  const response = await redeem(await jag(claims, {}, by))
  return response.status === 200 ? decodeJwt((await response.json()).access_token).sub : lastReason()
}

/** Says that the test's person is this one. */
const link = ({ server }: Company, issuer: string, subject: string) =>
  server.store.identities.link({
    issuer,
    subject,
    userId: server.userId,
    linkedAt: server.clock.now,
    lastSeenAt: server.clock.now,
    sealedRefreshToken: null,
    checkAt: null,
  })

describe('EMA-A11 strict', async () => {
  const strict = await create({ provider: { subjects: 'strict' } })

  test('somebody who is linked to no account is nobody, and gets none', async () => {
    const users = await strict.server.store.users.list()
    expect(await accountOf(strict, { sub: 'stranger' })).toBe('unknown_subject')
    expect(await strict.server.store.users.list()).toEqual(users)
    await expectError(await strict.redeem(await strict.jag({ sub: 'stranger' })), 400, 'invalid_grant')
  })

  test('somebody who is linked is who they are linked to', async () => {
    await link(strict, IDP, 'ada')
    expect(await accountOf(strict, { sub: 'ada' })).toBe(strict.server.userId)
  })

  test('an account that is removed at that moment is nobody, found or not', async () => {
    for (const reason of ['unknown_subject', 'subject_disabled']) {
      const company = await create({ provider: { subjects: 'strict' } })
      const { store, userId, clock } = company.server
      await link(company, IDP, 'ada')
      const remove = () => store.users.remove(userId, clock.now)
      if (reason === 'unknown_subject') justBefore(store.users, 'find', remove)
      else justBefore(store.grants, 'redeem', remove)
      expect(await accountOf(company, { sub: 'ada' })).toBe(reason)
      expect(await store.grants.listLive(userId, clock.now)).toEqual([])
    }
  })

  test('is the default', async () => {
    const { subjects, ...provider } = trusting(await createIssuer())
    expect(subjects).toBe('auto_map')
    const plain = await create({ xaa: { enabled: true, providers: [provider] } })
    // The keys are another's: whoever signs does not matter to whom it is about.
    const idp = await createIssuer()
    const own = await create(
      { xaa: { enabled: true, providers: [{ issuer: IDP, jwks: idp.jwks, rules: [{}] }] } },
      { idp },
    )
    expect(await accountOf(own, { sub: 'stranger' })).toBe('unknown_subject')
    expect(await accountOf(plain, {})).toBe('wrong_grant_assertion_signature')
  })
})

describe('EMA-A11 auto_map', async () => {
  const company = await create()

  test('somebody new gets an account of their own, and it is theirs the next time', async () => {
    const first = await accountOf(company, { sub: 'new' })
    expect(first).toMatch(/^usr_/)
    expect(await accountOf(company, { sub: 'new' })).toBe(first)
    const user = await company.server.store.users.find(first ?? '')
    expect(user).toMatchObject({ username: 'new.at.login.company.example', passwordHash: null, disabledAt: null })
  })

  test('somebody who is linked is who they are linked to', async () => {
    await link(company, IDP, 'ada')
    expect(await accountOf(company, { sub: 'ada' })).toBe(company.server.userId)
  })

  test('subjects are compared byte for byte', async () => {
    const accounts = await Promise.all(
      ['Case', 'case', 'case ', 'ca\u0301se', 'c\u00e1se'].map((sub) => accountOf(company, { sub })),
    )
    expect(new Set(accounts).size).toBe(5)
    for (const account of accounts) expect(account).toMatch(/^usr_/)
  })

  test.each(['x'.repeat(255), '../../etc/passwd', '<script>', '@everyone', "' or 1=1 --", '☃'])(
    'the subject %p gets a name that is one',
    async (sub) => {
      const user = await company.server.store.users.find((await accountOf(company, { sub })) ?? '')
      expect(user?.username).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/)
    },
  )

  test.each(['a\u0000b', '\u0000', 'a\ud800', 'a\ud801', '\udc00a', 'a\nb', 'a\u0085b'])(
    'the subject %j is nobody: in a database it would be one with another',
    async (sub) => {
      await expectError(await company.redeem(await company.jag({ sub })), 400, 'invalid_grant')
      expect(company.lastReason()).toBe('malformed_grant_assertion')
    },
  )

  test('nobody can sign in to it with a password', async () => {
    const id = await accountOf(company, { sub: 'new' })
    const user = await company.server.store.users.find(id ?? '')
    const { localLogin } = await import('../../server/login/local-login.ts')
    const { users, signInAttempts } = company.server.store
    const login = localLogin({ users, signInAttempts, now: () => company.server.clock.now })
    for (const password of ['', 'null', USER.password])
      expect((await login.verify(user?.username ?? '', password, '192.0.2.1')).ok).toBeFalse()
  })

  test('many ID-JAGs at once for somebody new lead to one account', async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, () => accountOf(company, { sub: 'crowd' })))
    expect(new Set(accounts).size).toBe(1)
    expect(accounts[0]).toMatch(/^usr_/)
  })
})

describe('EMA-A15 sub_id names nobody here, and establishes no trust', async () => {
  const strict = await create({ provider: { subjects: 'strict' } })
  await link(strict, IDP, 'ada')
  const saml = { format: 'saml-nameid', issuer: IDP, nameid: 'ada' }

  test('MUST NOT trust an issuer for being named in it', async () => {
    const evil = await createIssuer('https://evil.example')
    expect(await accountOf(strict, { sub: 'ada', sub_id: saml }, evil)).toBe('unknown_assertion_issuer')
    const key = await createIssuer(IDP)
    expect(await accountOf(strict, { sub: 'ada', sub_id: saml }, key)).toBe('wrong_grant_assertion_signature')
  })

  test.each([saml, { format: 'iss_sub', iss: IDP, sub: 'ada' }, { format: 'opaque', id: 'ada' }])(
    'whoever has another sub is not who it names: %j',
    async (sub_id) => {
      expect(await accountOf(strict, { sub: 'mallory', sub_id })).toBe('unknown_subject')
    },
  )

  // It is never needed, so that nothing of it can be missing.
  test.each([
    [{ ...saml, nameid: 'mallory' }],
    [{ ...saml, issuer: 'https://evil.example' }],
    ['ada'],
    [null],
    [[]],
    [{}],
    [7],
  ])('whoever has the sub is who that is, whatever it says: %j', async (sub_id) => {
    expect(await accountOf(strict, { sub: 'ada', sub_id })).toBe(strict.server.userId)
  })
})

test('EMA-A16 MUST NOT be used again toward another authorization server that trusts the same provider', async () => {
  const idp = await createIssuer()
  const [one, other] = [await create({}, { idp }), await create({ issuer: 'https://auth.other.example' }, { idp })]
  const there = (aud: string | string[]) => one.jag({ aud, client_id: other.client.id })
  const assertion = await one.jag({ jti: 'once' })
  expect((await one.redeem(assertion)).status).toBe(200)
  // With the id that its client has there it is as little use, before or after.
  for (const shown of [
    assertion,
    await there(one.server.issuer),
    await there([one.server.issuer, other.server.issuer]),
  ]) {
    await expectError(await other.redeem(shown), 400, 'invalid_grant')
    expect(other.lastReason()).toBe('wrong_grant_assertion_audience')
  }
  await expectError(await one.redeem(await one.jag({ aud: other.server.issuer })), 400, 'invalid_grant')
  expect((await other.redeem(await there(other.server.issuer))).status).toBe(200)
})

test('a person who is disabled gets nothing, and what they had has ended', async () => {
  const company = await create()
  const { server, jag, redeem, lastReason } = company
  const { access_token } = await (await redeem(await jag())).json()
  const { sub = '', jti = '' } = decodeJwt(access_token)
  await server.store.users.disable(sub, server.clock.now)
  expect(await server.as.isLive({ jti, client_id: company.client.id })).toBeFalse()
  const assertion = await jag()
  await expectError(await redeem(assertion), 400, 'invalid_grant')
  expect(lastReason()).toBe('subject_disabled')
  await server.store.users.enable(sub)
  // Nor is it used up by that.
  expect((await redeem(assertion)).status).toBe(200)
  expect(await server.as.isLive({ jti, client_id: company.client.id })).toBeFalse()
})
