/**
 * A client registers itself under a name that is markup, and hides more in what it sends along.
 *
 * @see OAuth 2.1 section 7.9 and section 7.11 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, type PagesFixture, type TestBrowser, type Visit } from '../support/pages-fixture.ts'

const NAME = `"'><script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>\u202Ekcatta\u2028{{7*7}}`
const REDIRECT = 'https://app.example/cb'

/** Every element of a page with its attributes, as a parser sees them. */
function elementsOf(html: string): readonly { readonly tag: string; readonly attributes: readonly string[] }[] {
  const elements: { tag: string; attributes: string[] }[] = []
  const collect = new HTMLRewriter().on('*', {
    element: ({ tagName, attributes }) => {
      elements.push({ tag: tagName, attributes: [...attributes].map(([name]) => name ?? '') })
    },
  })
  collect.transform(html)
  return elements
}

describe('a name is text and nothing else', () => {
  let pages: Readonly<Record<string, Visit>>

  beforeAll(async () => {
    const fixture: PagesFixture = await createPagesFixture()
    const browser: TestBrowser = fixture.browser()
    const clientId = await fixture.register({ client_name: NAME, redirect_uris: [REDIRECT] })
    const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT, state: NAME, ui_locales: NAME })
    const signIn = await browser.follow(await browser.get(url))
    const fields = { ...signIn.hidden, username: NAME, password: NAME }
    const wrong = await browser.post('/sign-in', fields)
    const consent = await browser.signInAt(url)
    await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
    const unknown = await browser.get(fixture.authorizationUrl({ client_id: NAME, redirect_uri: NAME }))
    const unreadable = await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: NAME })
    pages = { signIn, wrong, consent, account: await browser.get('/account'), unknown, unreadable }
  })

  const names = ['signIn', 'wrong', 'consent', 'account', 'unknown', 'unreadable']

  test.each(names)('on the page %s', (name) => {
    const html = pages[name]?.html ?? ''
    const elements = elementsOf(html)
    expect(elements.length).toBeGreaterThan(10)
    expect(elements.filter(({ tag }) => ['script', 'svg', 'iframe', 'object', 'style'].includes(tag))).toEqual([])
    expect(
      elements.flatMap(({ attributes }) => attributes).filter((attribute) => /^(on|style)/.test(attribute)),
    ).toEqual([])
    expect(elements.filter(({ tag }) => tag === 'img')).toHaveLength(1)
    expect(html).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u2028]/)
  })

  test.each(names)('and nothing on the page %s could run a script', (name) => {
    const policy = pages[name]?.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('script-src')
    expect(policy).not.toContain('unsafe')
    expect(pages[name]?.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('the pages do show it', () => {
    for (const name of ['signIn', 'consent', 'account']) {
      expect(pages[name]?.html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;')
    }
  })

  test('and the error pages show nothing of what was sent', () => {
    for (const name of ['unknown', 'unreadable']) expect(pages[name]?.html).not.toContain('alert(')
  })

  test('what the form carries is what was asked', () => {
    expect(new URLSearchParams(pages['consent']?.hidden['request']).get('state')).toBe(NAME)
  })
})
