/**
 * HTML as a type of its own: text becomes markup only by being escaped, and what is markup already is not escaped twice.
 *
 * @see HTML Standard section 13.3: escaping a string
 *
 * @standard WHATWG: Fetch, HTML and MIME Sniffing
 * @status used
 * @does cross-origin access, posts from elsewhere, escaping, what an image is
 * @published https://spec.whatwg.org/
 * @module
 */
import { html as ghtml } from 'ghtml'

/** Only `html` makes one: the class itself stays in this file. */
class Markup {
  readonly #markup: string
  constructor(markup: string) {
    this.#markup = markup
  }
  toString(): string {
    return this.#markup
  }
}

/** A piece of a page, safe to put into another one. */
export type Html = Markup

/** Text and numbers are escaped, markup is taken as it is, nothing is nothing. */
export type Interpolation = string | number | Html | readonly Html[] | null | false

/**
 * A piece of a page. Attribute values need their quotes.
 *
 * @example html`<p class="${name}">${text}${items.map((item) => html`<b>${item}</b>`)}</p>`
 */
export function html(literals: TemplateStringsArray, ...values: readonly Interpolation[]): Html {
  return new Markup(String.raw({ raw: literals }, ...values.map(toMarkup)))
}

function toMarkup(value: Interpolation): string {
  if (value === null || value === false) return ''
  if (value instanceof Markup) return value.toString()
  if (typeof value === 'object') return value.map(toMarkup).join('')
  // One value at a time: in a whole template of ghtml's, a `!` before an interpolation would turn escaping off.
  return ghtml`${String(value)}`
}
