/**
 * What the origins that proofs go to have told: the nonce to use next, how far their clock is from ours, and whether they know DPoP.
 *
 * @see RFC 9449 section 8.2 and section 9: every answer may bring the next nonce; it is good for the origin that sent it
 * @module
 */
import type { Fetch } from '../context.ts'

/** One origin. */
export interface Peer {
  nonce: string | undefined
  /** Seconds to add to our clock. */
  skew: number
  /** It was given a bound token, and asked for Bearer. */
  wantsBearer: boolean
}

/** The peer that a URL belongs to. */
export type Peers = (url: string | URL) => Peer

/** A session talks to a resource and its authorization server; whatever else is asked for passes through. */
const MAX_ORIGINS = 20

/** RFC 9449 section 8.1 (NQCHAR). Headers that were sent twice arrive joined by a comma and a space, which are none. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/

export function createPeers(): Peers {
  const peers = new Map<string, Peer>()
  return (url) => {
    const { origin } = new URL(url)
    const known = peers.get(origin)
    if (known !== undefined) return known
    const peer: Peer = { nonce: undefined, skew: 0, wantsBearer: false }
    // What is forgotten is learnt again, for one more request.
    if (peers.size === MAX_ORIGINS) peers.clear()
    peers.set(origin, peer)
    return peer
  }
}

/** A `fetch` that keeps the nonce of every answer, for the origin that was asked. */
export function listening(fetch: Fetch, peers: Peers): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const nonce = nonceOf(response)
    const url = URL.parse(input instanceof Request ? input.url : input)
    if (url !== null && nonce !== undefined) peers(url).nonce = nonce
    return response
  }
}

/** The nonce that an answer brings. After redirects that `fetch` has followed, nobody knows whose answer it is. */
export function nonceOf(answer: { readonly headers: Headers; readonly redirected?: boolean }): string | undefined {
  const nonce = answer.headers.get('dpop-nonce') ?? ''
  return answer.redirected !== true && NONCE.test(nonce) ? nonce : undefined
}
