/**
 * Tokens that a grant begins with: one that does not change, or whatever is current when it is needed.
 *
 * @see RFC 8693 section 3: token types
 * @module
 */
import { misconfigured } from '../errors.ts'
import type { Session } from '../session/session.ts'
import { isSession, tokenOf } from './session-token.ts'

/**
 * A token, or a function that is asked for it each time, or the session that has it: then the new tokens are bound to the same key as its own,
 * without which a server would not take it.
 */
export type TokenSource<About = void> = string | ((about: About) => string | Promise<string>) | Session

/** A type of RFC 8693 by its last part, or any other as a whole URI. */
export type TokenType =
  | 'access_token'
  | 'refresh_token'
  | 'id_token'
  | 'saml1'
  | 'saml2'
  | 'jwt'
  | `${string}:${string}`

/**
 * The token now.
 *
 * @throws {SallyportError} `configuration` for an empty one
 */
export async function readSource<About>(source: TokenSource<About>, about: About): Promise<string> {
  const token = isSession(source)
    ? (await tokenOf(source)).accessToken
    : typeof source === 'string'
      ? source
      : await source(about)
  if (token === '') throw misconfigured('the token that the grant begins with is empty')
  return token
}

export const tokenTypeUri = (type: TokenType): string =>
  type.includes(':') ? type : `urn:ietf:params:oauth:token-type:${type}`
