/**
 * Which hosts are this machine itself.
 *
 * @see RFC 8252 section 7.3: loopback interface redirection
 * @see RFC 6761 section 6.3: `localhost.`
 * @module
 */

/** Whether a URL's `hostname` (IPv6 in brackets, as `URL` gives it) is a loopback address. */
export function isLoopbackAddress(hostname: string): boolean {
  return hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

/** Whether a URL's `hostname` is `localhost` (or a name below it) or a loopback address. */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name)
}

/** Whether `url` is http or https on this machine. */
export function isLoopbackUrl(url: URL): boolean {
  return (url.protocol === 'http:' || url.protocol === 'https:') && isLoopbackHost(url.hostname)
}
