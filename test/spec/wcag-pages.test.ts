/**
 * What the markup of every page owes to people who do not see it or do not use a mouse. Colours, sizes and what scripts measure are in
 * `test/browser/look.test.ts`.
 *
 * @see WCAG 2.2, 1.3.1, 1.3.5, 2.4.2, 2.4.6, 3.1.1, 3.3.1, 3.3.2, 4.1.2, 4.1.3
 *
 * @standard WCAG: Web Content Accessibility Guidelines 2.2, level AA
 * @status followed
 * @does sign-in, consent and account pages, measured in a browser
 * @published https://www.w3.org/TR/WCAG22/
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createPagesFixture, USERNAME } from '../support/pages-fixture.ts'

const REDIRECT = 'https://app.example/cb'
const pages = new Map<string, string>()
beforeAll(async () => {
  const fixture = await createPagesFixture()
  const clientId = await fixture.register({ redirect_uris: [REDIRECT], client_name: 'App' })
  const url = fixture.authorizationUrl({ client_id: clientId, redirect_uri: REDIRECT })
  const browser = fixture.browser()
  const signIn = await browser.follow(await browser.get(url))
  pages.set('sign-in', signIn.html)
  const wrong = await browser.post('/sign-in', { ...signIn.hidden, username: USERNAME, password: 'wrong' })
  pages.set('wrong password', wrong.html)
  const consent = await browser.signInAt(url)
  pages.set('consent', consent.html)
  pages.set('empty account', (await browser.get('/account')).html)
  await browser.post('/oauth/authorize/consent', { ...consent.hidden, decision: 'allow' })
  const account = await browser.get('/account')
  pages.set('account', account.html)
  const [, grant = ''] = /name="grant" value="([^"]+)"/.exec(account.html) ?? []
  const revoked = await browser.follow(await browser.post('/account/revoke', { ...account.hidden, grant }))
  pages.set('revoked', revoked.html)
  pages.set('problem', (await browser.get(fixture.authorizationUrl({ client_id: 'x', redirect_uri: REDIRECT }))).html)
})

const NAMES = ['sign-in', 'wrong password', 'consent', 'empty account', 'account', 'revoked', 'problem']
const page = (name: string): string => pages.get(name) ?? ''

describe.each(NAMES)('the page: %s', (name) => {
  test('3.1.1 2.4.2 has a language and a title that begins with what the page is', () => {
    expect(page(name)).toStartWith('<!doctype html>')
    expect(page(name)).toContain('<html lang="en">')
    const [, title = ''] = /<title>([^<]*) · Sallyport<\/title>/.exec(page(name)) ?? []
    expect(title.length).toBeGreaterThan(3)
  })

  test('1.3.1 2.4.6 has one main part, one first heading, and no level is left out', () => {
    expect(page(name).match(/<main\b/g)).toHaveLength(1)
    const levels = [...page(name).matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level))
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    expect(levels[0]).toBe(1)
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
  })

  test('3.3.2 4.1.2 every field has a label, every button and link words', () => {
    const fields = [...page(name).matchAll(/<input\b(?![^>]*type="hidden")[^>]*>/g)].map(([field]) => field)
    for (const field of fields) {
      const [, id] = /\bid="([^"]+)"/.exec(field) ?? []
      expect(page(name)).toContain(`<label for="${id}"`)
    }
    for (const [, words = ''] of page(name).matchAll(/<(?:button|a)\b[^>]*>([\s\S]*?)<\/(?:button|a)>/g)) {
      expect(words.replace(/<[^>]*>/g, '').trim()).not.toBe('')
    }
    for (const [image] of page(name).matchAll(/<img\b[^>]*>/g)) expect(image).toMatch(/\balt="/)
  })

  test('2.1.1 2.5.7 needs no script, no mouse and no order of its own', () => {
    expect(page(name)).not.toMatch(/<script|\bon\w+="|tabindex="[1-9]|autofocus="false"/i)
    for (const [form] of page(name).matchAll(/<form\b[\s\S]*?<\/form>/g)) expect(form).toContain('type="submit"')
  })

  test('what an id refers to is there, once', () => {
    const ids = [...page(name).matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, list = ''] of page(name).matchAll(/\b(?:aria-(?:labelledby|describedby)|for)="([^"]+)"/g)) {
      for (const id of list.split(' ')) expect(ids).toContain(id)
    }
  })
})

test('1.3.5 the fields of the sign-in page say what they are for, so that programs can fill them in', () => {
  expect(page('sign-in')).toMatch(/<input[^>]*autocomplete="username"/)
  expect(page('sign-in')).toMatch(/<input[^>]*autocomplete="current-password"/)
})

test('3.3.1 4.1.3 what went wrong is said in words, in a place that is read out', () => {
  expect(page('wrong password')).toMatch(/role="alert"[^>]*>[\s\S]*?\w+ \w+/)
  expect(page('problem')).toContain('role="alert"')
  expect(page('revoked')).toMatch(/role="status"[^>]*>[\s\S]*Access was revoked/)
  expect(page('sign-in')).not.toContain('role="alert"')
})

test('1.3.1 buttons that look alike say what they are about', () => {
  const [, described = ''] = /<button[^>]*aria-describedby="([^"]+)"[^>]*>Revoke/.exec(page('account')) ?? []
  expect(page('account')).toMatch(new RegExp(`id="${described}"[^>]*>[\\s\\S]*?App`))
})
