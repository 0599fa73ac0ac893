/**
 * What can be checked of a page without a person: names, landmarks, headings, contrast, target size, reflow. Runs inside the browser.
 *
 * @see WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.2, 2.5.8, 3.1.1, 4.1.2
 * @module
 */

/** Everything that is wrong with the document, in words. Has to be self-contained: its source is sent to the browser. */
export function auditPage(): string[] {
  const problems: string[] = []
  const check = (good: boolean, problem: string): void => {
    if (!good) problems.push(problem)
  }
  const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)]

  check(document.documentElement.lang === 'en', 'no language')
  check(document.title.trim() !== '', 'no title')
  for (const one of ['h1', 'main', 'body > header', 'body > footer']) {
    check(all(one).length === 1, `${all(one).length} times ${one}`)
  }
  let level = 1
  for (const heading of all('h1, h2, h3, h4, h5, h6')) {
    const own = Number(heading.tagName[1])
    check(own <= level + 1, `a heading is skipped before "${heading.textContent}"`)
    level = own
  }

  const ids = all('[id]').map(({ id }) => id)
  check(new Set(ids).size === ids.length, 'an id is there twice')
  for (const name of ['for', 'aria-describedby', 'aria-labelledby']) {
    for (const element of all(`[${name}]`)) {
      const id = element.getAttribute(name) ?? ''
      check(ids.includes(id), `${name}="${id}" points nowhere`)
    }
  }
  for (const input of all('input:not([type=hidden])')) {
    check((input instanceof HTMLInputElement ? input.labels?.length : 0) === 1, `the input ${input.id} has no label`)
  }
  for (const control of all('button, a')) check(control.textContent?.trim() !== '', 'a control has no name')
  for (const image of all('img')) check(image.hasAttribute('alt'), 'an image has no alternative')
  for (const control of all('button, input:not([type=hidden])')) {
    const { width, height } = control.getBoundingClientRect()
    check(width >= 24 && height >= 24, `"${control.textContent}" is too small to touch`)
  }
  check(all('script, style, [style]').length === 0, 'something stands inline')
  check(
    all('*').every((element) => element.getAttributeNames().every((name) => !name.startsWith('on'))),
    'an event handler stands inline',
  )
  check(document.documentElement.scrollWidth <= window.innerWidth, 'it scrolls sideways')
  check(getComputedStyle(document.body).display === 'grid', 'the stylesheet is not there')

  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (color: number[]): number => {
    const [red = 0, green = 0, blue = 0] = color.slice(0, 3).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const groundOf = (element: Element | null): number[] => {
    if (element === null) return [255, 255, 255]
    const color = parse(getComputedStyle(element).backgroundColor)
    return color[3] === 0 ? groundOf(element.parentElement) : color
  }
  const contrast = (a: number[], b: number[]): number => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  for (const element of all('body *')) {
    const ownText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
    if (!ownText) continue
    const ratio = contrast(parse(getComputedStyle(element).color), groundOf(element))
    check(ratio >= 4.5, `contrast ${ratio.toFixed(2)} at "${element.textContent?.trim().slice(0, 40)}"`)
  }
  for (const control of all('input:not([type=hidden]), button:not(.link, .primary)')) {
    const ratio = contrast(parse(getComputedStyle(control).borderTopColor), groundOf(control.parentElement))
    check(ratio >= 3, `contrast ${ratio.toFixed(2)} of the border of "${control.textContent || control.id}"`)
  }
  return problems
}
