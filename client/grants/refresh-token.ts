/**
 * The `refresh_token` grant as a beginning: a token that was obtained elsewhere, by a person who is not here.
 *
 * @see RFC 6749 section 6
 * @module
 */
import { defineGrant } from './define-grant.ts'
import type { GrantType } from './grant-type.ts'

/** A refresh token, and where it comes from. */
export interface RefreshTokenOptions {
  readonly refreshToken: string
  /** The issuer that gave it out, byte for byte: no other server gets to see it. */
  readonly issuer: string
}

/**
 * Begins with a refresh token from elsewhere, for example from a secret of a build server. Needs the client that it was issued to
 * (`client.id` or `client.metadataUrl`). Servers rotate such tokens: with a durable store the session goes on with what it was given
 * last; without one it begins with this token each time, which servers take for a theft.
 *
 * @example
 * createSession(url, {
 *   grant: refreshToken({ refreshToken: process.env.REFRESH_TOKEN ?? '', issuer: 'https://as.example.com' }),
 *   client: { id: 'nightly-build' },
 *   store: fileStore(),
 * })
 */
export function refreshToken(options: RefreshTokenOptions): GrantType {
  return defineGrant({
    name: 'refresh_token',
    unattended: true,
    issuer: options.issuer,
    async obtain({ token }) {
      const answer = await token({ grant_type: 'refresh_token', refresh_token: options.refreshToken })
      // RFC 6749 section 6: without a new one the old one goes on.
      return { refresh_token: options.refreshToken, ...answer }
    },
  })
}
