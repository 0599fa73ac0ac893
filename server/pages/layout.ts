/**
 * The frame around every page: head, brand, one main region, and where one is.
 *
 * @see WCAG 2.2, 2.4.2 (page titled), 3.1.1 (language), 1.3.1 (landmarks)
 * @module
 */
import { ICON, STYLESHEET } from './assets.ts'
import type { PagesContext } from './context.ts'
import { type Html, html } from './html.ts'

/** `title` stands in the browser's tab. */
export interface Frame {
  readonly title: string
  readonly ctx: Pick<PagesContext, 'base' | 'host'>
}

export function layout({ title, ctx: { base, host } }: Frame, main: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Sallyport</title>
<link rel="icon" type="image/svg+xml" href="${base}${ICON.path}">
<link rel="stylesheet" href="${base}${STYLESHEET.path}">
</head>
<body>
<header><img src="${base}${ICON.path}" alt="" width="22" height="22"><span>Sallyport</span></header>
<main>
${main}
</main>
<footer><p>You are at <strong>${host}</strong></p></footer>
</body>
</html>
`
}
