/**
 * The template tag that pages are made with.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { html } from '../../server/pages/html.ts'

const evil = `<img src=x onerror="alert('1')">&`

describe('html', () => {
  test('escapes text, in content and in attributes', () => {
    const page = html`<p title="${evil}">${evil}</p>`.toString()
    expect(page.match(/[<>]/g)).toHaveLength(4)
    expect(page.match(/"/g)).toHaveLength(2)
    expect(page).not.toContain("'")
  })

  test('takes markup as it is, alone and in lists', () => {
    const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
    expect(html`<ul>${items}</ul>${html`<hr>`}`.toString()).toBe('<ul><li>a</li><li>&#60;b&#62;</li></ul><hr>')
  })

  test('an exclamation mark does not turn escaping off', () => {
    expect(html`Hello!${evil}`.toString()).not.toContain('<')
  })

  test('nothing is nothing, a number is a number', () => {
    expect(html`${null}${false}${0}${''}`.toString()).toBe('0')
  })

  test('only html can make markup', () => {
    // @ts-expect-error an object that looks like markup is none
    expect(() => html`${{ toString: () => evil }}`).toThrow()
    // @ts-expect-error a list of texts is none either
    expect(html`${[evil]}`.toString()).not.toContain('<')
  })
})
