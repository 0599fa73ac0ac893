/**
 * What is wrong with a URL that somebody typed, before anything is sent: what a server would say of it would be about something else.
 *
 * @see RFC 9728 section 1.2 and RFC 8414 section 2: neither a resource identifier nor an issuer has a fragment
 * @module
 */

/** One sentence, or null. */
export function urlProblem(typed: string): string | null {
  if (!/^https?:\/\/[^/]/.test(typed)) return `${typed} is no http or https URL.`
  const url = URL.parse(typed)
  if (url === null) return `${typed} is no URL.`
  if (typed.includes('#'))
    return `${typed.replace(/#.*/s, '')} is what a server sees of ${typed}: leave out the fragment (# and what follows), here and where the URL is given to hosts.`
  if (url.username !== '' || url.password !== '')
    return 'A URL with a user name or a password in it is sent by no host: leave them out.'
  return null
}
