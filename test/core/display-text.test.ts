/**
 * What is left of a name that a stranger chose.
 *
 * @see Unicode Technical Report 36 section 2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { displayText } from '../../server/pages/display-text.ts'

describe('a name from a stranger', () => {
  const cases: readonly [why: string, text: string | null | undefined, shown: string | null][] = [
    ['is left alone when it is plain', 'Claude Code', 'Claude Code'],
    ['may be in any script', 'Редактор 编辑器 עורך', 'Редактор 编辑器 עורך'],
    ['cannot turn the text around it', 'a\u202Egnp.exe\u202C', 'agnp.exe'],
    ['cannot open an isolate', 'a\u2066b\u2069\u200F', 'ab'],
    ['cannot begin a new line', 'Sallyport\r\nVerified\u2028really', 'Sallyport Verified really'],
    ['has no control characters', 'a\u0000\u001B[31mb\u009Fc', 'a[31mbc'],
    ['has nothing that cannot be seen', 'a\u200Bb\u00ADc\uFEFFd\u{E0061}', 'abcd'],
    ['has no half characters', 'a\uD800b', 'ab'],
    ['has no towers of marks', `e${'\u0301'.repeat(40)}`, `e${'\u0301'.repeat(3)}`],
    ['is no name when it is blank', ' \u3164\u2800\u200B\t ', null],
    ['is no name when it is empty', '', null],
    ['is no name when there is none', undefined, null],
    ['is no name when it is null', null, null],
  ]
  test.each(cases)('%s', (_, text, shown) => expect(displayText(text)).toBe(shown))

  test('is stable: cleaning twice is cleaning once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = displayText(text)
        expect(displayText(once)).toBe(once)
      }),
    )
  })
})
