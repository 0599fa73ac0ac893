/**
 * `client_secret_basic`: credentials in the header, form-encoded before they are joined.
 *
 * @see RFC 7617 section 2
 * @see RFC 6749 section 2.3.1
 * @see RFC 9110 section 11.6.1: a 401 names a scheme
 *
 * @standard RFC 7617: Basic Authentication
 * @status used
 * @does `client_secret_basic`, form-decoded
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { hash } from '../../server/store/hash.ts'
import { createTestServer, postForm, RESOURCE } from '../support/authorization-server.ts'
import { addClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer({ client_credentials: { enabled: true } })
afterAll(() => server.close())

/** Whatever a program might let somebody choose. */
const ID = 'client:with %+ä/="\''
const SECRET = 'a:secret+of %41 ü€ :'
await addClient(server, {
  id: ID,
  authMethods: ['client_secret_basic'],
  secrets: [{ hash: await hash(SECRET), expiresAt: 0 }],
})

const ask = (authorization: string, form: Record<string, string> = {}) =>
  postForm(
    server,
    '/oauth/token',
    { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read', ...form },
    { authorization },
  )
/** `application/x-www-form-urlencoded`, of one value. */
const formEncode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2)
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
const GOOD = base64(`${formEncode(ID)}:${formEncode(SECRET)}`)
const percent = (text: string): string => base64(text.split(':', 2).map(encodeURIComponent).join(':'))

describe('AS-060 MUST decode what the client encoded', () => {
  test.each(['Basic', 'basic', 'BASIC', 'bAsIc'])('the scheme %s is the same', async (scheme) => {
    expect((await ask(`${scheme} ${GOOD}`)).status).toBe(200)
  })

  test('percent-encoding is a form-encoding, too', async () => {
    const encoded = base64(`${encodeURIComponent(ID)}:${encodeURIComponent(SECRET)}`)
    expect((await ask(`Basic ${encoded}`)).status).toBe(200)
  })

  test('more than one space before the credentials is allowed', async () => {
    expect((await ask(`Basic   ${GOOD}`)).status).toBe(200)
  })

  test('the same client id in the form does no harm, another one does', async () => {
    expect((await ask(`Basic ${GOOD}`, { client_id: ID })).status).toBe(200)
    await expectError(await ask(`Basic ${GOOD}`, { client_id: 'other' }), 401, 'invalid_client')
  })
})

describe('what is not right is 401, and says which scheme is', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['another secret', `Basic ${base64(`${formEncode(ID)}:wrong`)}`],
    ['the secret without encoding', `Basic ${base64(`${formEncode(ID)}:${SECRET}`)}`],
    ['the secret encoded twice', `Basic ${base64(`${formEncode(ID)}:${formEncode(formEncode(SECRET))}`)}`],
    ['an unknown user', `Basic ${base64('nobody:x')}`],
    ['no user', `Basic ${base64(`:${formEncode(SECRET)}`)}`],
    ['no password', `Basic ${base64(`${formEncode(ID)}:`)}`],
    ['no colon', `Basic ${base64(formEncode(ID))}`],
    ['nothing', 'Basic '],
    ['no credentials', 'Basic'],
    ['no base64', 'Basic !!!'],
    ['base64url', `Basic ${Buffer.from('\u00fb\u00ff:x', 'latin1').toString('base64url')}`],
    ['a broken percent-encoding', `Basic ${base64('%zz:x')}`],
    ['a percent-encoding that is no UTF-8', `Basic ${base64('%ff:x')}`],
    ['another scheme', `Bearer ${GOOD}`],
    ['Digest', 'Digest username="x"'],
    ['two of them', `Basic ${GOOD}, Basic ${GOOD}`],
    ['something behind', `Basic ${GOOD} x`],
  ]
  test.each(wrong)('AS-073 %s', async (_, authorization) => {
    const { error_description } = await expectError(await ask(authorization), 401, 'invalid_client')
    expect(error_description).not.toContain('secret+of')
  })

  test('two ways at once are one too many', async () => {
    const form = { client_id: ID, client_secret: SECRET }
    await expectError(await ask(`Basic ${GOOD}`, form), 400, 'invalid_request')
  })
})

test('a plain id and secret need no encoding, and survive it', async () => {
  await addClient(server, {
    id: 'plain',
    authMethods: ['client_secret_basic'],
    secrets: [{ hash: await hash('plain-secret_~.'), expiresAt: 0 }],
  })
  for (const credentials of [base64('plain:plain-secret_~.'), percent('plain:plain-secret_~.')]) {
    expect((await ask(`Basic ${credentials}`)).status).toBe(200)
  }
})
