/**
 * Keys of a trusted issuer that lead inside, or never end: whatever its metadata names, the safe fetch goes to public addresses only.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @see docs/adr/0186-keys-of-issuers.md
 * @module
 */
import { expect, test } from 'bun:test'
import { createSites } from '../support/client-documents.ts'
import { expectError } from '../support/oauth-error.ts'
import { createCompany, createIssuer, trusting } from '../support/trusted-issuers.ts'

const IDP = 'https://app.example'
const METADATA = `${IDP}/.well-known/openid-configuration`
const KEYS = 'https://other.example/jwks.json'
const NAMES = { 'evil.example': ['169.254.169.254'] }

/** Why an ID-JAG of an issuer is refused that publishes this; what was asked. */
async function attempt(
  pages: Readonly<
    Record<string, { readonly body?: string; readonly status?: string; readonly fields?: readonly string[] }>
  >,
) {
  const sites = await createSites(NAMES)
  const idp = await createIssuer(IDP)
  const { jwks, ...provider } = trusting(idp)
  const company = await createCompany(
    { xaa: { enabled: true, providers: [provider] } },
    { idp, outbound: sites.outbound },
  )
  for (const [url, page] of Object.entries(pages)) sites.put(url, page)
  sites.put(KEYS, pages[KEYS] ?? { body: JSON.stringify(jwks) })
  await expectError(await company.redeem(await company.jag()), 400, 'invalid_grant')
  const reason = company.lastReason()
  await company.server.close()
  sites.close()
  return { reason, asked: sites.asked }
}

const metadata = (jwks_uri: string) => ({ body: JSON.stringify({ issuer: IDP, jwks_uri }) })

test.each([
  'http://other.example/jwks.json',
  'https://127.0.0.1/jwks.json',
  'https://[::1]/jwks.json',
  'https://[::ffff:10.0.0.1]/jwks.json',
  'https://169.254.169.254/latest/meta-data',
  'https://2130706433/jwks.json',
  'https://localhost/jwks.json',
  'https://evil.example/jwks.json',
  'https://other.example:22/jwks.json',
  'https://user@other.example/jwks.json',
  'file:///etc/passwd',
])('keys at %p are not asked for', async (uri) => {
  expect(await attempt({ [METADATA]: metadata(uri) })).toEqual({ reason: 'issuer_keys_unavailable', asked: [METADATA] })
})

const redirect = { status: '302 Found', fields: ['location: https://other.example/jwks.json'] }
const many = {
  body: JSON.stringify({ keys: Array.from({ length: 1000 }, () => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' })) }),
}
test.each([
  ['a redirect to metadata', { [METADATA]: redirect }],
  ['a redirect to keys', { [METADATA]: metadata(KEYS), [KEYS]: redirect }],
  [
    'metadata of a megabyte',
    { [METADATA]: { body: `${JSON.stringify({ issuer: IDP, jwks_uri: KEYS })}${' '.repeat(1_000_000)}` } },
  ],
  ['keys of a megabyte', { [METADATA]: metadata(KEYS), [KEYS]: { body: ' '.repeat(1_000_000) } }],
  ['a thousand keys', { [METADATA]: metadata(KEYS), [KEYS]: many }],
  [
    'a secret among the keys',
    { [METADATA]: metadata(KEYS), [KEYS]: { body: '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}' } },
  ],
  ['no JSON', { [METADATA]: metadata(KEYS), [KEYS]: { body: '<html>' } }],
  ['deep JSON', { [METADATA]: { body: `${'['.repeat(20_000)}${']'.repeat(20_000)}` } }],
])('%s is no key set', async (_, pages) => {
  expect((await attempt(pages)).reason).toBe('issuer_keys_unavailable')
})

test('an issuer of an assertion that is not trusted is not asked for anything', async () => {
  const sites = await createSites(NAMES)
  const company = await createCompany({}, { outbound: sites.outbound })
  for (const issuer of ['https://evil.example', 'https://app.example', 'http://127.0.0.1:9100'])
    await expectError(await company.redeem(await company.jag({}, {}, await createIssuer(issuer))), 400, 'invalid_grant')
  expect(sites.asked).toEqual([])
  await company.server.close()
  sites.close()
})
