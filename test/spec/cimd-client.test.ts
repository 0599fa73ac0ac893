/**
 * The document that a host publishes about itself, made and judged by the client library.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type ClientDocumentOptions, clientDocument, SallyportError } from '../../client/index.ts'
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'

const HOST: ClientDocumentOptions = {
  id: 'https://app.example/client.json',
  name: 'My host',
  redirectUris: ['http://127.0.0.1/callback'],
}

describe('clientDocument', () => {
  test('C-045 C-046 has what it must, and servers take it', () => {
    const document = clientDocument({ ...HOST, uri: 'https://app.example/', softwareVersion: '1.2' })
    expect(document).toEqual({
      client_id: HOST.id,
      client_name: 'My host',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      client_uri: 'https://app.example/',
      software_version: '1.2',
    })
    expect(checkClientDocument(JSON.parse(JSON.stringify(document)), HOST.id)).toMatchObject({ ok: true })
  })

  test('C-047 with keys it says private_key_jwt', () => {
    const keys = { jwksUri: 'https://app.example/jwks.json' }
    expect(clientDocument({ ...HOST, keys })).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: keys.jwksUri,
    })
  })

  test('CC-C1 an agent says that it asks for itself', () => {
    const keys = { jwksUri: 'https://app.example/jwks.json' }
    const document = clientDocument({ ...HOST, keys, grantTypes: ['client_credentials'] })
    expect(document['grant_types']).toEqual(['client_credentials'])
    expect(checkClientDocument(document, HOST.id)).toMatchObject({ ok: true })
  })

  test('DPOP-C5 a host that wants bound tokens alone says so', () => {
    const document = clientDocument({ ...HOST, dpop: 'required' })
    expect(document['dpop_bound_access_tokens']).toBe(true)
    expect(checkClientDocument(document, HOST.id)).toMatchObject({
      ok: true,
      value: { dpop_bound_access_tokens: true },
    })
  })

  test.each<[string, Partial<ClientDocumentOptions>]>([
    ['http', { id: 'http://app.example/client.json' }],
    ['no path', { id: 'https://app.example' }],
    ['a query', { id: 'https://app.example/client.json?v=1' }],
    ['a fragment', { id: 'https://app.example/client.json#v1' }],
    ['this machine', { id: 'https://localhost/client.json' }],
    ['no name', { name: ' ' }],
    ['no redirect URI', { redirectUris: [] }],
    ['a redirect URI that is none', { redirectUris: ['javascript:alert(1)'] }],
    ['keys on this machine', { keys: { jwksUri: 'https://127.0.0.1/jwks.json' } }],
    ['too long', { redirectUris: Array.from({ length: 200 }, (_, index) => `https://app.example/callback/${index}`) }],
  ])('C-044 %s: not made', (_, changes) => {
    expect(() => clientDocument({ ...HOST, ...changes })).toThrow(SallyportError)
  })
})
