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
