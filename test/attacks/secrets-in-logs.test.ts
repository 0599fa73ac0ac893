/**
 * A careless caller logs a secret: it must not be written down.
 *
 * @see RFC 6819 section 5.1.6: access tokens are credentials, which do not belong into logs
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { resetSync } from '@logtape/logtape'
import { auditLog, configureLogging, log } from '../../server/logging.ts'

const CANARY = 'canary-4f1d9c27b3'
const OUTSIDE = { at: 1_800_000_000, requestId: null }
const JWT = `eyJhbGciOiJFUzI1NiJ9.${CANARY}.c2lnbmF0dXJl`

afterEach(resetSync)

function written(format: 'text' | 'json', act: () => void): string {
  const lines: string[] = []
  configureLogging({ level: 'debug', format }, (line) => void lines.push(line))
  act()
  expect(lines).not.toEqual([])
  return lines.join('')
}

const careless: readonly [string, () => void][] = [
  ['a member that is named for it', () => log.info('x', { refresh_token: CANARY })],
  ['camel case', () => log.info('x', { clientSecret: CANARY })],
  ['deep inside', () => log.info('x', { request: { body: [{ password: CANARY }] } })],
  ['headers', () => log.info('x', { headers: { Authorization: `Bearer ${CANARY}`, cookie: CANARY } })],
  ['a code', () => log.info('x', { code: CANARY, code_verifier: CANARY })],
  ['a token as any value', () => log.info('x', { value: JWT })],
  ['a token in the message', () => log.info('got {value}', { value: JWT })],
  ['a header as text', () => log.info('x', { line: `authorization: Bearer ${CANARY}` })],
  ['a callback', () => log.info('x', { url: `http://127.0.0.1/callback?code=${CANARY}&iss=x` })],
  ['a form', () => log.info('x', { form: `refresh_token=${CANARY}&client_id=x` })],
  ['a form in a sentence', () => log.info(`sent grant_type=x&code=${CANARY}`)],
  ['JSON as text', () => log.info('x', { body: `{"a": 1, "password" : "${CANARY}"}` })],
  [
    'a database URL in an error',
    () => log.error('x', { error: new Error(`cannot reach postgres://u:${CANARY}@db/n`) }),
  ],
  ['the cause of an error', () => log.error('x', { error: new Error('x', { cause: new Error(JWT) }) })],
  [
    'a driver that keeps the parameters',
    () => log.error('x', { error: Object.assign(new Error('x'), { parameters: [CANARY] }) }),
  ],
]

/** Every name under which a secret travels here, or from here on to somebody's log. */
const NAMES = [
  ...['client_secret', 'clientSecret', 'secret', 'previous_secret', 'previousSecret', 'SALLYPORT_SECRET', 'password'],
  ...['passwd', 'passphrase', 'pwd', 'code', 'authorization_code', 'user_code', 'device_code', 'code_verifier'],
  ...['token', 'access_token', 'refresh_token', 'accessToken', 'id_token', 'id_token_hint', 'subject_token'],
  ...['actor_token', 'registration_access_token', 'initial_access_token', 'client_assertion', 'assertion', 'csrf'],
  ...['x-csrf-token', 'cookie', 'Set-Cookie', 'authorization', 'Proxy-Authorization', 'DPoP', 'dpop_proof', 'state'],
  ...['session', 'session_id', 'sessionId', 'sealed_jwk', 'private_key', 'jwk', 'credentials', 'api_key', 'x-api-key'],
  ...['apiKey', 'jwt', 'signature', 'otp', 'bearer'],
]

describe.each(NAMES)('%s', (name) => {
  const ways: readonly [string, () => void][] = [
    ['a member', () => log.info('x', { [name]: CANARY })],
    ['a number', () => log.info('x', { [name]: [CANARY, { x: CANARY }] })],
    [
      'a pair',
      () =>
        log.info('x', {
          pairs: [
            ['accept', 'y'],
            [name, CANARY],
          ],
        }),
    ],
    ['a form', () => log.info('x', { form: `client_id=x&${name}=${CANARY}&y=z` })],
    ['a fragment', () => log.info('x', { url: `https://app.example/cb#${name}=${CANARY}` })],
    ['JSON', () => log.info('x', { body: `{"a":1,"${name}":"with \\"quotes\\" ${CANARY}"}` })],
    ['an object as it is shown', () => log.info('x', { shown: `{ '${name}': '${CANARY}' }` })],
    ['a message', () => log.info(`got ${name}=${CANARY}`)],
  ]
  test.each(ways)('in %s', (_, act) => expect(written('json', act) + written('text', act)).not.toContain(CANARY))
})

test.each(['Cookie', 'Set-Cookie', 'Authorization', 'DPoP', 'X-Api-Key'])('a header line: %s', (name) => {
  const act = () => log.info('x', { head: `GET / HTTP/1.1\r\n${name}: a=b; c ${CANARY}\r\naccept: */*` })
  const line = written('json', act)
  expect(line).not.toContain(CANARY)
  expect(line).toContain('accept: */*')
})

test('what only looks like the name of a secret stays in text', () => {
  const harmless = 'grant_type=authorization_code client_id=abc error_code=7 scope=notes:read token_type=bearer'
  const said = written('text', () =>
    log.info(harmless, { clientId: 'abc', reason: 'unknown_code', statusCode: 400, requestId: 'r-1' }),
  )
  for (const part of [...harmless.split(' '), 'clientId=abc', 'reason=unknown_code', 'statusCode=400', 'r-1']) {
    expect(said).toContain(part)
  }
})

describe.each(['text', 'json'] as const)('%s', (format) => {
  test.each(careless)('%s', (_, act) => expect(written(format, act)).not.toContain(CANARY))

  test('what is no secret stays', () => {
    const line = written(format, () =>
      auditLog()({ type: 'token_rejected', reason: 'unknown_code', clientId: 'abc' }, OUTSIDE),
    )
    for (const part of ['token_rejected', 'unknown_code', 'abc']) expect(line).toContain(part)
  })
  test('an error keeps its name, message and stack', () => {
    const line = written(format, () => log.error('failed', { error: new TypeError('odd') }))
    for (const part of ['odd', 'secrets-in-logs.test.ts']) expect(line).toContain(part)
  })
  test('a value cannot begin a line of its own', () => {
    const line = written(format, () => log.info('x', { name: 'a\n12:00:00 info forged' }))
    expect(line.trimEnd().split('\n')).toHaveLength(1)
  })
})

test('what looks like an attack is a warning', () => {
  const grant = { grantId: 'g', userId: 'u', clientId: 'c', resource: 'https://r' }
  const text = written('text', () =>
    auditLog()({ type: 'grant_revoked', reason: 'refresh_reused', ...grant }, { ...OUTSIDE, requestId: 'r1' }),
  )
  expect(text).toMatch(
    /^\d\d:\d\d:\d\d warning grant_revoked reason=refresh_reused grantId=g userId=u clientId=c resource=https:\/\/r requestId=r1\n$/,
  )
})
