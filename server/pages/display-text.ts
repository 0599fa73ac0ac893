/**
 * Text that a stranger chose, made harmless to the eye: a client's name must not be able to rearrange the page around it.
 *
 * @see Unicode Standard Annex 9 section 2: directional formatting characters
 * @see Unicode Technical Report 36 section 2: visual spoofing
 * @module
 */

/** Line breaks too. U+FEFF counts as white space in ECMAScript, but draws nothing. */
const WHITE_SPACE = /[^\S\uFEFF]/gu

/** Controls, directional and other format characters, private use, unpaired surrogates, and what draws nothing at all. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** A tower of combining marks covers the lines above it. */
const TOO_MANY_MARKS = /(\p{M}{3})\p{M}+/gu

/** One line of visible text, or null when nothing visible is left. */
export function displayText(text: string | null | undefined): string | null {
  const visible = (text ?? '')
    .replace(WHITE_SPACE, ' ')
    .replace(INVISIBLE, '')
    .replace(TOO_MANY_MARKS, '$1')
    .replace(/ {2,}/g, ' ')
    .trim()
  return visible === '' ? null : visible
}
