/**
 * What caches may keep of our answers, and for how long.
 *
 * @see RFC 9111 section 5.2.2
 * @see RFC 8246 section 2: `immutable`
 *
 * @standard RFC 9111: HTTP Caching
 * @status used
 * @does how long documents of others may be kept
 * @standard RFC 8246: Immutable Responses
 * @status used
 * @does stylesheet and icon
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  authorizationQuery,
  createBrowser,
  createTestServer,
  obtainTokens,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

/** The directives of `Cache-Control`. */
const directives = (response: Response): readonly string[] =>
  (response.headers.get('cache-control') ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))

describe('public documents may be kept, for minutes', () => {
  test.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/.well-known/jwks.json'])(
    '%s',
    async (path) => {
      const found = directives(await server.fetch(path))
      expect(found).toContain('public')
      const age = Number(found.find((one) => one.startsWith('max-age='))?.slice(8))
      expect(age).toBeGreaterThan(0)
      expect(age).toBeLessThanOrEqual(3600)
      expect(found).not.toContain('immutable')
    },
  )
})

describe('section 5.2.2.5 MUST NOT be stored: whatever is for one caller', () => {
  test('AS-064 answers with tokens, to errors, and about tokens', async () => {
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    const answers = [
      await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id }),
      await postForm(server, '/oauth/token', {}),
      await postForm(server, '/oauth/introspect', { token: access_token, client_id }),
      await postForm(server, '/oauth/revoke', { token: access_token, client_id }),
      await server.fetch('/oauth/register', { method: 'POST', body: '{}' }),
      await server.fetch('/health/ready'),
    ]
    for (const answer of answers) expect([answer.status, directives(answer)]).toEqual([answer.status, ['no-store']])
  })

  test('pages, signed in or not, and redirects on the way', async () => {
    const browser = createBrowser(server)
    const first = await browser.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
    const answers = [
      first,
      await browser.fetch(first.headers.get('location') ?? ''),
      await browser.fetch('/account'),
      await browser.fetch(`/oauth/authorize?${await authorizationQuery('nobody')}`),
    ]
    for (const answer of answers) expect(directives(answer)).toEqual(['no-store'])
  })
})

describe('RFC 8246 section 2 what never changes under its name', () => {
  test('the stylesheet and the icon, whose names change with their content', async () => {
    const page = await (await server.fetch('/sign-in')).text()
    const links = [...page.matchAll(/href="(\/assets\/[^"]+)"/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThanOrEqual(2)
    for (const link of links) {
      const response = await server.fetch(link)
      expect(directives(response)).toEqual(['public', 'max-age=31536000', 'immutable'])
      expect(link).toMatch(/-[0-9a-f]{12}\.\w+$/)
      // Another name is another file, not an old one for good.
      const other = await server.fetch(link.replace(/-[0-9a-f]{12}/, '-000000000000'))
      expect([other.status, directives(other).includes('immutable')]).toEqual([404, false])
    }
  })
})
