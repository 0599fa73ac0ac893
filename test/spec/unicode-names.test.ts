/**
 * Names that strangers gave themselves, on the page where somebody decides whether to trust them.
 *
 * @see Unicode Standard Annex 9 section 2: directional formatting characters
 * @see Unicode Technical Report 36 section 2: visual spoofing
 *
 * @standard Unicode: Annex 9 and Technical Report 36
 * @status followed
 * @does names of strangers shown without direction marks and look-alikes of our own words
 * @published https://www.unicode.org/reports/tr36/
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, type PagesFixture, type TestBrowser } from '../support/pages-fixture.ts'

const REDIRECT = 'https://app.example/cb'

let fixture: PagesFixture
let browser: TestBrowser
beforeAll(async () => {
  fixture = await createPagesFixture()
  browser = fixture.browser()
  await browser.signInAt('/account')
})

/** The consent page for a client of that name, as text. */
async function page(client_name: string): Promise<{ html: string; text: string }> {
  const clientId = await fixture.register({ redirect_uris: [REDIRECT], client_name })
  const { html } = await browser.get(fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT }))
  return {
    html,
    text: html.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))),
  }
}

describe('SEC-021 section 2 what steers the eye is not shown', () => {
  const steering: readonly (readonly [string, string])[] = [
    ['right-to-left override', '\u202e'],
    ['left-to-right embedding', '\u202a'],
    ['isolates', '\u2066\u2067\u2068\u2069'],
    ['zero-width space', '\u200b'],
    ['zero-width joiner in Latin', '\u200d'],
    ['byte order mark', '\ufeff'],
    ['soft hyphen', '\u00ad'],
    ['a line', '\n'],
    ['a paragraph', '\u2029'],
    ['a bell', '\u0007'],
    ['escape', '\u001b[31m'.slice(0, 1)],
    ['tags', '\u{e0041}'],
  ]
  test.each(steering)('%s', async (_, characters) => {
    const { text } = await page(`Good${characters}App`)
    for (const character of characters === '\n' ? [] : characters) expect(text).not.toContain(character)
    expect(text).toMatch(/Good.*App/)
  })
})

test('half of a pair is none of its own', async () => {
  expect((await page('Good\ud800App')).text).not.toMatch(/\p{Cs}/u)
})

describe('what people write is shown as they write it', () => {
  test.each(['Łódź Notes', '日本語ノート', 'ملاحظات', 'הערות', 'नोट्स', 'Notes & Co. <beta>', "L'éditeur “A”"])(
    '%s',
    async (name) => expect((await page(name)).text).toContain(name),
  )
})

describe('a name cannot pass for words of ours', () => {
  test.each([
    '</strong><h1>Allow access?</h1>',
    '"><form action="https://evil.example">',
    '<img src=x onerror=alert(1)>',
  ])('markup is text: %s', async (name) => {
    const { html, text } = await page(name)
    expect(html).not.toContain(name)
    expect(text).toContain(name)
    expect(html.match(/<h1/g)).toHaveLength(1)
    expect(html.match(/<form/g)?.length).toBe((await page('App')).html.match(/<form/g)?.length)
  })

  test.each(['', '   ', '\u200b\u200b', '\u3164'])(
    'AS-058 %p is no name: the page says that there is none',
    async (name) => {
      const { text } = await page(name)
      expect(text).toContain('Unnamed application')
    },
  )

  test('the host that the access goes to is shown beside any name', async () => {
    expect((await page('claude.ai')).text).toContain('app.example')
  })
})
