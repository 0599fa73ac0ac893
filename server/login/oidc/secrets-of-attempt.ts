/**
 * What an attempt to sign in elsewhere needs and nobody may know: it follows from the browser's cookie and the `state`, so that nothing secret is
 * stored, and that another browser has another.
 *
 * @see OpenID Connect Core 1.0 section 15.5.2: a nonce that follows from the session
 * @see RFC 7636 section 4.1
 * @module
 */
import type { Hash } from '../../core/ports.ts'

export const nonceOf = (state: string, cookie: string, hash: Hash): Promise<string> =>
  hash(`sallyport oidc nonce\n${state}\n${cookie}`)

export const verifierOf = (state: string, cookie: string, hash: Hash): Promise<string> =>
  hash(`sallyport oidc verifier\n${state}\n${cookie}`)
