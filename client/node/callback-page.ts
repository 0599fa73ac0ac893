/**
 * The page at the end of the browser's part: constant text, nothing of what was sent.
 *
 * @see OAuth 2.1 section 2.3.6 (draft-ietf-oauth-v2-1-16): no third-party content on a redirect page
 * @module
 */
import type { Verdict } from '../interactions/interaction.ts'

const TEXTS: Readonly<Record<Verdict, readonly [title: string, text: string]>> = {
  accepted: ['Signed in', 'You can close this page and return to the application.'],
  denied: ['Not signed in', 'The request was declined. You can close this page and return to the application.'],
  refused: ['Not signed in', 'The answer could not be accepted. Return to the application and try again.'],
  foreign: ['Nothing here', 'This address only receives the end of a sign-in that is under way.'],
}

export function callbackPage(verdict: Verdict): string {
  const [title, text] = TEXTS[verdict]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<h1>${title}</h1>
<p>${text}</p>
</html>
`
}
