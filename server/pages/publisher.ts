/**
 * Who publishes what a client is, in words for a person: the host of a client id that is a URL.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.5: the host of the client id should be shown
 * @module
 */
import { looksLikeUrl } from '../../shared/client-id-url.ts'

export interface Publisher {
  readonly hostname: string
  /** With its port. In ASCII (`xn--`), so that no letter can look like another. */
  readonly shown: string
}

/** Null: the client is registered here, and published nowhere. */
export function describePublisher(clientId: string): Publisher | null {
  const url = looksLikeUrl(clientId) ? URL.parse(clientId) : null
  return url === null ? null : { hostname: url.hostname, shown: url.host }
}

/** Whether a host is the publisher's, or below it. */
export const isSiteOf = ({ hostname }: Publisher, other: string): boolean =>
  other === hostname || other.endsWith(`.${hostname}`)
