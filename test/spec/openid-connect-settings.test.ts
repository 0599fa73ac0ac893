/**
 * Settings of company sign-in: what is refused at the start, in words that say what to do, and where the secret comes from.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { OidcConfig, oidcProblem, secretVariable, withProviderSecrets } from '../../server/config/oidc.ts'

const provider = { id: 'company', name: 'Company', issuer: 'https://login.example', client_id: 'x', client_secret: 's' }
const config = (providers: object[], more: object = {}) => v.parse(OidcConfig, { providers, ...more })
const withKey = (client_key: object) => ({ ...provider, client_secret: undefined, client_key })
const OWN = 'https://auth.example'

test.each([
  ['nothing at all', {}, null],
  ['a good one', { providers: [provider] }, null],
  ['a public client', { providers: [{ ...provider, client_secret: undefined, client_auth: 'none' }] }, null],
  ['no passwords and nobody else', { passwords: false }, 'nobody could sign in'],
  ['one id twice', { providers: [provider, { ...provider, issuer: 'https://b.example' }] }, 'company is there twice'],
  ['one issuer twice', { providers: [provider, { ...provider, id: 'b' }] }, 'two have the issuer'],
  ['http', { providers: [{ ...provider, issuer: 'http://login.example' }] }, 'no https URL'],
  ['a query', { providers: [{ ...provider, issuer: 'https://login.example?x' }] }, 'with a query'],
  ['this server itself', { providers: [{ ...provider, issuer: `${OWN}/` }] }, 'this server itself'],
  [
    'no secret where one is wanted',
    { providers: [{ ...provider, client_secret: undefined, client_auth: 'client_secret_post' }] },
    'SALLYPORT_OIDC_COMPANY_CLIENT_SECRET',
  ],
  [
    'no secret, and no word that there is none',
    { providers: [{ ...provider, client_secret: undefined }] },
    'put it into SALLYPORT_OIDC_COMPANY_CLIENT_SECRET',
  ],
  ['a key for signing', { providers: [withKey({ kty: 'EC', crv: 'P-256', d: 'x' })] }, null],
  ['an RSA key that says its alg', { providers: [withKey({ kty: 'RSA', d: 'x', alg: 'RS256' })] }, null],
  ['an RSA key that does not', { providers: [withKey({ kty: 'RSA', d: 'x' })] }, 'alg does not fit'],
  ['a key of another curve', { providers: [withKey({ kty: 'EC', crv: 'P-384', d: 'x' })] }, 'alg does not fit'],
  ['an alg with a shared secret', { providers: [withKey({ kty: 'oct', d: 'x', alg: 'HS256' })] }, 'alg does not fit'],
  [
    'domains of a claim that nobody verifies',
    { providers: [{ ...provider, domains: ['company.example'], claims: { email: 'upn' } }] },
    'verify only what they call email',
  ],
  ['a public key for signing', { providers: [{ ...provider, client_key: { kty: 'EC' } }] }, 'a private JWK'],
] as const)('%s', (_, given, problem) => {
  const said = oidcProblem(v.parse(OidcConfig, given), OWN, false)
  if (problem === null) expect(said).toBeNull()
  else expect(said).toContain(problem)
})

test('none, HS256 and ids that are no part of an address are no settings', () => {
  for (const wrong of [{ algorithms: ['none'] }, { algorithms: ['HS256'] }, { id: 'A/B' }, { id: '../x' }, { more: 1 }])
    expect(v.safeParse(OidcConfig, { providers: [{ ...provider, ...wrong }] }).success).toBe(false)
})

test.each(['state', 'nonce', 'redirect_uri', 'response_mode', 'max_age', 'request_uri', 'prompt', ''])(
  'parameters that what is checked rests on are ours alone: %s',
  (name) => {
    const withParameter = (parameters: object) => v.safeParse(OidcConfig, { providers: [{ ...provider, parameters }] })
    expect(withParameter({ access_type: 'offline' }).success).toBe(true)
    expect(withParameter({ access_type: 'offline', [name]: 'x' }).success).toBe(false)
  },
)

test('the secret of the environment wins; a variable that is empty is none', () => {
  const oidc = config([provider, { ...provider, id: 'b-2', issuer: 'https://b.example', client_secret: undefined }])
  expect(secretVariable('b-2')).toBe('SALLYPORT_OIDC_B_2_CLIENT_SECRET')
  const env = { SALLYPORT_OIDC_B_2_CLIENT_SECRET: 'theirs', SALLYPORT_OIDC_COMPANY_CLIENT_SECRET: '' }
  const secrets = withProviderSecrets({ oidc }, env).oidc.providers.map(({ client_secret }) => client_secret)
  expect(secrets).toEqual(['s', 'theirs'])
})
