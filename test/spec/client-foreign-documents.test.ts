/**
 * What a client reads of documents of any server: guards in place of the schemas that our own servers write by. Where both know a member,
 * they agree about it.
 *
 * @see docs/adr/0173-guards-instead-of-schemas.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { memoryStore } from '../../client/index.ts'
import { isAuthorizationResponse } from '../../shared/authorization-response.ts'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { readDeviceAuthorization } from '../../shared/device-authorization.ts'
import { isForeignClientInformation } from '../../shared/foreign-client-information.ts'
import { isForeignOAuthError } from '../../shared/foreign-oauth-error.ts'
import { isForeignResourceMetadata } from '../../shared/foreign-resource-metadata.ts'
import { isForeignServerMetadata } from '../../shared/foreign-server-metadata.ts'
import { readTokenResponse } from '../../shared/foreign-token-response.ts'
import { isBoolean, isListOf, isNumber, isOptional, isRecord, isString, isText } from '../../shared/guard.ts'
import { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const VALUES = [undefined, null, true, 0, 1.5, Number.NaN, '', 'x', [], ['x'], ['x', 1], {}, { length: 1 }]

/** The members whose type a document's reader insists on. */
const insistsOn = (
  reads: (value: unknown) => boolean,
  good: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly string[] => names.filter((name) => VALUES.some((value) => !reads({ ...good, [name]: value })))

describe('guards', () => {
  const isBook = isRecord({ title: isText, pages: isNumber, tags: isOptional(isListOf(isString)), sold: isBoolean })
  const book = { title: 'A', pages: 3, tags: ['x'], sold: true }

  test('tell an object by all of its members, and let others pass', () => {
    expect(isBook(book)).toBe(true)
    expect(isBook({ ...book, tags: undefined, more: 1 })).toBe(true)
    for (const [name, ...wrong] of [
      ['title', undefined, '', 1],
      ['pages', undefined, '3', Number.NaN, Number.POSITIVE_INFINITY],
      ['tags', null, 'x', ['x', 1], { 0: 'x', length: 1 }],
      ['sold', undefined, 0, 'true'],
    ] as const) {
      for (const value of wrong) expect([name, value, isBook({ ...book, [name]: value })]).toEqual([name, value, false])
    }
    for (const other of [undefined, null, 'x', 1, [], () => book]) expect(isBook(other)).toBe(false)
  })
})

describe('what our servers send is read', () => {
  const documents = [
    ['server metadata', AuthorizationServerMetadata, isForeignServerMetadata, { issuer: 'https://as.example' }],
    [
      'resource metadata',
      ProtectedResourceMetadata,
      isForeignResourceMetadata,
      { resource: 'https://rs.example', authorization_servers: ['https://as.example'] },
    ],
  ] as const

  for (const [name, schema, guard, good] of documents) {
    test(`${name}: of each member that the guard knows it takes what the schema takes`, () => {
      expect(guard(good)).toBe(true)
      const known = insistsOn(guard, good, Object.keys(schema.entries))
      expect(known.length).toBeGreaterThan(4)
      for (const member of Object.keys(schema.entries)) {
        for (const value of VALUES) {
          const document = { ...good, [member]: value }
          const expected = known.includes(member) ? v.is(schema, document) : true
          expect([member, value, guard(document)]).toEqual([member, value, expected])
        }
      }
    })
  }

  test('a client insists on no more than it reads', () => {
    const [[, server, isServer, good]] = documents
    expect(insistsOn(isServer, good, [...Object.keys(server.entries), 'unheard_of'])).toEqual([
      'issuer',
      'authorization_endpoint',
      'token_endpoint',
      'registration_endpoint',
      'revocation_endpoint',
      'scopes_supported',
      'grant_types_supported',
      'token_endpoint_auth_methods_supported',
      'token_endpoint_auth_signing_alg_values_supported',
      'code_challenge_methods_supported',
      'dpop_signing_alg_values_supported',
      'authorization_response_iss_parameter_supported',
      'client_id_metadata_document_supported',
    ])
  })
})

describe('lists', () => {
  // What counts as absent in an object leaves a hole in a list, and most of what goes through lists goes past holes.
  test('with nothing in a place are no lists of strings, whoever reads them', async () => {
    expect(isListOf(isString)(new Array(1))).toBe(false)
    for (const options of [
      { resourceMetadata: { authorization_servers: [null] } },
      { resourceMetadata: { authorization_servers: [null, 'https://as.example.com'] } },
      { resourceMetadata: { scopes_supported: ['read', null] } },
      { serverMetadata: { code_challenge_methods_supported: [null, 'S256'] } },
    ]) {
      const world = fakeWorld(options)
      const seen: unknown[] = []
      const session = sessionIn(world, {
        chooseAuthorizationServer: (issuers) => {
          seen.push(...issuers)
          return issuers.at(-1)
        },
      })
      expect([options, (await failureOf(session.authorize())).code]).toEqual([options, 'invalid_response'])
      expect(seen.every((issuer) => typeof issuer === 'string')).toBe(true)
    }
  })
})

describe('answers', () => {
  test('RFC 6749 section 5.1: tokens, their lifetime as a number, as digits, or not at all', () => {
    const tokens = { access_token: 'a', token_type: 'Bearer' }
    expect(readTokenResponse(tokens)).toEqual(tokens)
    for (const [stated, read] of [
      [0, 0],
      [60.5, 60.5],
      ['60', 60],
      [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
      ['9'.repeat(400), 2 ** 31 - 1],
    ]) {
      expect(readTokenResponse({ ...tokens, expires_in: stated })?.expires_in).toBe(Number(read))
    }
    for (const stated of [null, -1, '-1', '', ' 60', '1e3', Number.NaN, {}, [], true]) {
      expect(readTokenResponse({ ...tokens, expires_in: stated })).toBeUndefined()
    }
    for (const member of ['access_token', 'token_type', 'refresh_token']) {
      expect(readTokenResponse({ ...tokens, [member]: '' })).toBeUndefined()
      expect(readTokenResponse({ ...tokens, [member]: 1 })).toBeUndefined()
    }
    for (const nothing of [undefined, null, 'tokens', 1, [], {}]) expect(readTokenResponse(nothing)).toBeUndefined()
  })

  test.each(['a\r\nx: y', 'a\u0000', 'ключ', 'a\n'])(
    'SEC-003 RFC 6749 appendix A.12: %j is no token, since no header can carry it: said at once, without it',
    async (access_token) => {
      const world = fakeWorld()
      const store = memoryStore()
      world.on('POST', `${world.as}/token`, () => json({ access_token, token_type: 'Bearer' }))
      const session = sessionIn(world, { store })
      const failure = await failureOf(session.fetch(world.resource))
      expect(failure.code).toBe('invalid_response')
      expect(String(failure)).not.toContain(access_token)
      expect(await session.status()).toBe('signed-out')
    },
  )

  test('RFC 8628 section 3.2: codes for another device, with times that make sense', () => {
    const answer = {
      device_code: 'd',
      user_code: 'WDJB-MJHT',
      verification_uri: 'https://as.example/device',
      expires_in: 600,
    }
    expect(readDeviceAuthorization(answer)).toEqual({ ...answer, interval: 5 })
    expect(readDeviceAuthorization({ ...answer, interval: 0, expires_in: Number.POSITIVE_INFINITY })).toEqual({
      ...answer,
      interval: 1,
      expires_in: 86_400,
    })
    expect(readDeviceAuthorization({ ...answer, interval: 1e9 })?.interval).toBe(300)
    for (const wrong of [
      { device_code: '' },
      { user_code: '' },
      { user_code: '\u001b[2J' },
      { user_code: 'x'.repeat(65) },
      { verification_uri: '' },
      { verification_uri_complete: '' },
      { expires_in: 0 },
      { expires_in: '600' },
      { interval: '5' },
      { interval: Number.NaN },
    ]) {
      expect([wrong, readDeviceAuthorization({ ...answer, ...wrong })]).toEqual([wrong, undefined])
    }
    for (const nothing of [undefined, null, 'x', [], {}]) expect(readDeviceAuthorization(nothing)).toBeUndefined()
  })

  test('errors, registrations and callbacks: what is certain, and the types of the rest', () => {
    expect(insistsOn(isForeignOAuthError, { error: 'e' }, ['error', 'error_description', 'error_uri', 'x'])).toEqual([
      'error',
      'error_description',
      'error_uri',
    ])
    expect(isForeignOAuthError({ error: '' })).toBe(false)
    expect(isForeignClientInformation({ client_id: 'c', client_secret_expires_at: Number.POSITIVE_INFINITY })).toBe(
      false,
    )
    expect(isForeignClientInformation({ client_id: '' })).toBe(false)
    expect(isForeignClientInformation({ client_id: 'c', unknown: 1 })).toBe(true)
    // A parameter that came twice is a list.
    const names = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']
    expect(names.map((name) => isAuthorizationResponse({ [name]: ['a', 'b'] }))).toEqual(names.map(() => false))
  })
})
