/**
 * A token that brings or names the key that it wants to be verified with.
 *
 * @see RFC 8725 section 3.10
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair } from 'jose'
import { admitted, createResourceFixture, ISSUER, refused } from '../support/resource-fixture.ts'

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

describe('RS-047 the token brings its own key', () => {
  test.each(['jwk', 'jku', 'x5u', 'x5c'])('the header %s is ignored', async (member) => {
    const { issuer, send } = await createResourceFixture()
    const mine = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(mine.publicKey)
    const value = { jwk, jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert', x5c: ['MIIB'] }[member]
    const forged = await issuer.sign({ sub: 'mallory' }, { [member]: value }, mine.privateKey)
    expect(refused(await send(bearer(forged))).status).toBe(401)
    // Beside a good signature it does no harm, and leads nowhere.
    admitted(await send(bearer(await issuer.sign({}, { [member]: value }))))
    expect(issuer.requests.filter((url) => !url.startsWith(ISSUER))).toEqual([])
  })

  test.each([
    '../../../../dev/null',
    "key-0' OR '1'='1",
    'https://evil.example/keys',
    '__proto__',
    'KEY-0',
    'key-0 ',
    '',
  ])('a kid that is not in the set, "%s", finds no key', async (kid) => {
    const { events, issuer, send } = await createResourceFixture()
    expect(refused(await send(bearer(await issuer.sign({}, { kid })))).status).toBe(401)
    expect(events).toMatchObject([{ reason: 'unknown_key' }])
  })

  test('without a kid the one fitting key is taken, and no guess is made among several', async () => {
    const { issuer, clock, send } = await createResourceFixture()
    const token = await issuer.sign({}, { kid: undefined })
    admitted(await send(bearer(token)))
    const { kid: _, ...second } = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)
    issuer.answer(issuer.jwksUri, () => Response.json({ keys: [issuer.publicJwk, { ...second, kid: 'other' }] }))
    clock.now += 601
    expect(refused(await send(bearer(token))).status).toBe(401)
  })

  test('an issuer that nobody configured is not contacted', async () => {
    const { issuer, send } = await createResourceFixture()
    const token = await issuer.sign({ iss: 'https://evil.example' })
    expect(refused(await send(bearer(token))).status).toBe(401)
    expect(issuer.requests).toEqual([])
  })

  test.each([
    'http://auth.example/keys',
    'http://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/keys',
    'https://user:secret@auth.example/keys',
    'file:///etc/passwd',
  ])('SSRF: a jwks_uri that the URL policy forbids, %s, is not fetched', async (jwksUri) => {
    const { issuer, send } = await createResourceFixture()
    issuer.metadata['jwks_uri'] = jwksUri
    expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
    expect(issuer.requests).toEqual([`${ISSUER}/.well-known/oauth-authorization-server`])
  })

  test('keys from metadata that name another issuer are not used', async () => {
    const { issuer, send } = await createResourceFixture()
    issuer.metadata['issuer'] = 'https://evil.example'
    expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
    expect(issuer.requests).not.toContain(issuer.jwksUri)
  })

  test('a redirect is not followed', async () => {
    const { issuer, send } = await createResourceFixture()
    issuer.answer(issuer.jwksUri, () => Response.redirect('https://evil.example/keys', 302))
    expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
    expect(issuer.requests).not.toContain('https://evil.example/keys')
  })
})
