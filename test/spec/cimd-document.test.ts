/**
 * Which documents describe a client.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4, section 4.1
 * @see OpenID Connect Relying Party Metadata Choices 1.0
 *
 * @standard OpenID Connect Relying Party Metadata Choices: Relying Party Metadata Choices 1.0
 * @status partly
 * @does a document may name several ways to authenticate
 * @missing the other lists, of which none is read
 * @published https://openid.net/specs/openid-connect-rp-metadata-choices-1_0.html
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { toClient } from '../../server/core/client-documents/to-client.ts'
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'

const ID = 'https://app.example/client.json'
const MINIMAL = { client_id: ID, client_name: 'App', redirect_uris: ['https://app.example/callback'] }
const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }
const KEYS = { keys: [KEY] }

const verdict = (changes: Readonly<Record<string, unknown>>, id = ID): string => {
  const checked = checkClientDocument({ ...MINIMAL, ...changes }, id)
  return checked.ok ? 'ok' : checked.error
}

const clientOf = (changes: Readonly<Record<string, unknown>>, pinned = false) => {
  const checked = checkClientDocument({ ...MINIMAL, ...changes }, ID)
  if (!checked.ok) throw new Error(checked.error)
  const times = { fetchedAt: 1, freshUntil: 2, keptUntil: 3 }
  return toClient({ clientId: ID, document: checked.value, pinned, etag: null, logo: null, ...times })
}

describe('AS-024 AS-023 required members', () => {
  test.each([
    ['client_id', undefined],
    ['client_id', `${ID}/`],
    ['client_id', 'https://app.example:443/client.json'],
    ['client_id', 'https://APP.example/client.json'],
    ['client_id', ''],
    ['client_id', [ID]],
    ['client_name', undefined],
    ['client_name', ''],
    ['client_name', ' \n'],
    ['client_name', 7],
    ['client_name', 'a'.repeat(201)],
    ['redirect_uris', undefined],
    ['redirect_uris', []],
    ['redirect_uris', 'https://app.example/callback'],
    ['redirect_uris', [7]],
  ])('%s must not be %p', (member, value) => expect(verdict({ [member]: value })).toBe(member))
})

describe('AS-041 AS-042 redirect URIs are judged as those of a registration are', () => {
  test.each([
    'https://app.example/callback',
    'https://elsewhere.example/callback?x=1',
    'http://127.0.0.1/callback',
    'http://localhost/callback',
    'http://[::1]/callback',
    'com.example.app:/callback',
  ])('%s may be', (uri) => expect(verdict({ redirect_uris: [uri] })).toBe('ok'))
  test.each([
    '/callback',
    'http://app.example/callback',
    'https://app.example/callback#x',
    'https://ada@app.example/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    'https:app.example',
    'https://app.example/ x',
  ])('%s may not be, nor beside a good one', (uri) => {
    expect(verdict({ redirect_uris: [...MINIMAL.redirect_uris, uri] })).toBe('redirect_uris')
  })
})

describe('AS-031 section 4.1 nothing secret', () => {
  test.each([
    ['client_secret', 'secret'],
    ['client_secret', null],
    ['client_secret', ''],
    ['client_secret_expires_at', 0],
    ['token_endpoint_auth_method', 'client_secret_basic'],
    ['token_endpoint_auth_method', 'client_secret_post'],
    ['token_endpoint_auth_method', 'client_secret_jwt'],
    ['token_endpoint_auth_method', 'client_secret_of_tomorrow'],
    ['token_endpoint_auth_methods_supported', ['none', 'client_secret_basic']],
    ['jwks', { keys: [{ ...KEY, d: 'private' }] }],
    ['jwks', { keys: [KEY, { kty: 'RSA', n: 'n', e: 'AQAB', p: 'private' }] }],
    ['jwks', { keys: [{ kty: 'oct', k: 'secret' }] }],
    ['jwks', { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'private' }] }],
  ])('%s: %p', (member, value) => {
    expect(verdict({ [member]: value })).toBe(member)
    expect(verdict({ token_endpoint_auth_method: 'private_key_jwt', jwks: KEYS, [member]: value })).toBe(member)
    // Nor beside what would do.
    expect(verdict({ token_endpoint_auth_methods_supported: ['none'], [member]: value })).toBe(member)
  })
})

describe('AS-032 section 8.2 client authentication', () => {
  test('without a word about it the client is public', () => {
    expect(clientOf({}).authMethods).toEqual(['none'])
    expect(clientOf({ token_endpoint_auth_method: 'none', jwks: KEYS }).authMethods).toEqual(['none'])
  })

  test('private_key_jwt that is declared is the only way', () => {
    const client = clientOf({ token_endpoint_auth_method: 'private_key_jwt', jwks: KEYS })
    expect(client).toMatchObject({ authMethods: ['private_key_jwt'], jwks: KEYS, jwksUri: null })
  })

  test('it needs keys: one of jwks and jwks_uri, and not both', () => {
    const method = { token_endpoint_auth_method: 'private_key_jwt' }
    const uri = 'https://app.example/jwks.json'
    expect(verdict(method)).toBe('jwks')
    expect(verdict({ ...method, jwks: { keys: [] } })).toBe('jwks')
    expect(verdict({ ...method, jwks: KEYS, jwks_uri: uri })).toBe('jwks_uri')
    expect(clientOf({ ...method, jwks_uri: uri })).toMatchObject({ jwks: null, jwksUri: uri })
  })

  test.each([
    'http://app.example/jwks.json',
    'https://127.0.0.1/jwks.json',
    'https://10.0.0.7/jwks.json',
    'http://localhost:3000/jwks.json',
    'file:///etc/passwd',
    'https://ada@app.example/jwks.json',
  ])('AS-036 keys are not at %s', (jwks_uri) => {
    expect(verdict({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri })).toBe('jwks_uri')
  })

  test('the plural is honoured: the strongest method that is known here', () => {
    const supported = (...methods: string[]) => ({ token_endpoint_auth_methods_supported: methods, jwks: KEYS })
    expect(clientOf(supported('none')).authMethods).toEqual(['none'])
    expect(clientOf(supported('none', 'private_key_jwt')).authMethods).toEqual(['private_key_jwt'])
    expect(clientOf(supported('tls_client_auth', 'none')).authMethods).toEqual(['none'])
    expect(verdict(supported('tls_client_auth'))).toBe('token_endpoint_auth_method')
    const preferred = { ...supported('none', 'tls_client_auth'), token_endpoint_auth_method: 'tls_client_auth' }
    expect(clientOf(preferred).authMethods).toEqual(['none'])
    expect(verdict({ token_endpoint_auth_method: 'tls_client_auth' })).toBe('token_endpoint_auth_method')
  })

  test('no downgrade: a preferred private_key_jwt stays, whatever else is offered', () => {
    const both = {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      jwks_uri: 'https://app.example/jwks.json',
    }
    expect(clientOf(both).authMethods).toEqual(['private_key_jwt'])
  })
})

describe('what else stands in a document', () => {
  test('grant types that are unknown are ignored, those without a person are not for strangers', () => {
    const grant_types = ['authorization_code', 'urn:x:y', 'refresh_token', 'implicit', 'client_credentials']
    expect(clientOf({ grant_types }).grantTypes).toEqual(['authorization_code', 'refresh_token'])
    expect(clientOf({ grant_types }, true).grantTypes).toEqual([
      'authorization_code',
      'refresh_token',
      'client_credentials',
    ])
    expect(clientOf({}).grantTypes).toEqual(['authorization_code'])
  })

  test.each([[[]], [['urn:x:y', 'implicit']], [['client_credentials']], [null]])(
    'where nothing that counts is named, the grant is the default, as with a registration: %p',
    (grant_types) => {
      const { grantTypes, responseTypes } = clientOf({ grant_types })
      expect([grantTypes, responseTypes]).toEqual([['authorization_code'], ['code']])
    },
  )

  test('members that are optional and null count as left out', () => {
    const members = [
      ...['token_endpoint_auth_method', 'token_endpoint_auth_methods_supported', 'jwks', 'jwks_uri'],
      ...['grant_types', 'scope', 'client_uri', 'logo_uri', 'software_id'],
    ]
    const checked = checkClientDocument({ ...MINIMAL, ...Object.fromEntries(members.map((name) => [name, null])) }, ID)
    expect(checked.ok && JSON.parse(JSON.stringify(checked.value))).toEqual(MINIMAL)
  })

  test('RFC 7517 section 5 keys that are not understood are ignored', () => {
    const strange = [
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'x' },
      { kty: 'EC', crv: 'P-256' },
      { kty: 'RSA', n: 'n' },
      { ...KEY, kid: 7 },
      {},
    ]
    const method = { token_endpoint_auth_method: 'private_key_jwt' }
    const sparse = { ...KEY, kid: null, alg: null, d: null, x5c: ['x'] }
    expect(clientOf({ ...method, jwks: { keys: [...strange, sparse], more: 1 } })).toMatchObject({ jwks: KEYS })
    expect(verdict({ ...method, jwks: { keys: strange } })).toBe('jwks')
    expect(verdict({ jwks: { keys: strange } })).toBe('ok')
    expect(verdict({ ...method, jwks: { keys: [KEY, { kty: 'AKP', pub: 'x', d: 'private' }] } })).toBe('jwks')
    for (const keys of [['text'], [KEY, null], { one: KEY }])
      expect(verdict({ ...method, jwks: { keys } })).toBe('jwks')
  })

  test('members that are unknown are ignored and not kept; those that only describe cannot spoil it', () => {
    const changes = {
      unknown: { nested: true },
      logo_uri: 7,
      tos_uri: null,
      policy_uri: 'a'.repeat(3000),
      software_id: {},
      contacts: 'nobody',
    }
    const checked = checkClientDocument({ ...MINIMAL, ...changes }, ID)
    expect(checked.ok && JSON.parse(JSON.stringify(checked.value))).toEqual(MINIMAL)
  })

  test.each(['http://app.example/logo.png', 'https://127.0.0.1/logo.png', 'javascript:alert(1)', 'data:image/png,x'])(
    'AS-036 a logo at %s is none',
    (logo_uri) => expect(clientOf({ logo_uri }).metadata).toEqual({}),
  )

  test('AS-036 beside a document on loopback, what it names may be there too', () => {
    const id = 'http://localhost:3000/client.json'
    const near = { client_id: id, jwks_uri: 'http://localhost:3001/jwks.json', logo_uri: 'http://localhost:3000/l.png' }
    expect(verdict(near, id)).toBe('ok')
    expect(verdict({ ...near, jwks_uri: 'http://10.0.0.7/jwks.json' }, id)).toBe('jwks_uri')
  })

  test.each([[null], [[]], ['text'], [7], [true], [[MINIMAL]]])('%j is no document', (value) => {
    const checked = checkClientDocument(value, ID)
    expect(checked.ok ? 'ok' : checked.error).toBe('document')
  })
})

describe('RFC 9449 section 5.2 dpop_bound_access_tokens', () => {
  test.each([
    [true, 'required'],
    [false, 'optional'],
    [null, 'optional'],
    [undefined, 'optional'],
  ])('%p makes it %s', (dpop_bound_access_tokens, dpop) =>
    expect(clientOf({ dpop_bound_access_tokens })).toMatchObject({ dpop }),
  )
  test('MUST be a boolean', () =>
    expect(verdict({ dpop_bound_access_tokens: 'true' })).toBe('dpop_bound_access_tokens'))
})
