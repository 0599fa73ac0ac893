/**
 * Where an authorization response goes, in words for a person.
 *
 * @see MCP 2026-07-28, authorization, security considerations: the redirect URI's host must be clearly shown
 * @see RFC 8252 section 8.6: other programs can listen on loopback or claim a private-use scheme
 * @module
 */
import { isLoopbackUrl } from '../../shared/loopback.ts'
import { displayText } from './display-text.ts'

/** `shown` is the host with its port, or for a private-use scheme the scheme. */
export interface RedirectTarget {
  readonly kind: 'web' | 'loopback' | 'private-use'
  readonly shown: string
}

/** Describes a redirect URI that was validated. Host names are shown in ASCII (`xn--`), so that no letter can look like another. */
export function describeRedirectTarget(redirectUri: string): RedirectTarget {
  const url = new URL(redirectUri)
  if (isLoopbackUrl(url)) return { kind: 'loopback', shown: url.host }
  if (url.protocol === 'https:' || url.protocol === 'http:') return { kind: 'web', shown: url.host }
  const host = displayText(url.host)
  return { kind: 'private-use', shown: host === null ? url.protocol : `${url.protocol}//${host}` }
}
