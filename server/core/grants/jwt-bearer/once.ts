/**
 * What an assertion is remembered by, so that it counts once.
 *
 * @see RFC 7523 section 3, item 7: `jti`
 * @module
 */
import { CLOCK_DIFFERENCE } from '../../client-auth/client-assertion.ts'

/** The use of an assertion that counts once. */
export interface AssertionUse {
  /** Any text that is its own. */
  readonly key: string
  /** When it would no longer be accepted anyway. */
  readonly expiresAt: number
}

/** Issuers number theirs by themselves, so that the number alone would mix them up. */
export const useOf = ({ iss, jti, exp }: { iss: string; jti: string; exp: number }): AssertionUse => ({
  key: JSON.stringify(['grant_assertion', iss, jti]),
  expiresAt: Math.ceil(exp) + CLOCK_DIFFERENCE,
})
