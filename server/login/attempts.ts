/**
 * The brake on guessing: how many sign-ins may fail for one name from one address, and from one address at all, in all processes
 * of an installation together.
 *
 * There is no limit for a name alone: it would let anyone lock anyone out.
 *
 * @see NIST SP 800-63B section 5.2.2: rate limiting
 * @see docs/adr/0034-one-brake-for-all-processes.md
 * @module
 */
import { networkOf } from '../core/network.ts'
import type { Clock, SignInAttempts } from '../core/ports.ts'

/** Seconds that a brake stays on, and in which failures are counted together. */
export const ATTEMPT_WINDOW = 15 * 60

/** Limits of the brake. */
export interface AttemptLimits {
  /** Failures for one name from one address. */
  readonly perName: number
  /** Failures from one address. */
  readonly perAddress: number
}

export const ATTEMPT_LIMITS: AttemptLimits = { perName: 5, perAddress: 50 }

/** Counts attempts before they are judged, so that a hundred at once cannot all slip through. */
export interface Attempts {
  /** False: this one must not even be looked at. */
  begin(username: string, address: string): Promise<boolean>
  /** The attempt was good: it does not count, and the name starts afresh at this address. */
  succeeded(username: string, address: string): Promise<void>
}

/** A brake that counts in `store`. */
export function attempts(
  { store, now }: { readonly store: SignInAttempts; readonly now: Clock },
  { perName, perAddress }: AttemptLimits = ATTEMPT_LIMITS,
): Attempts {
  const names = { attempts: perName, window: ATTEMPT_WINDOW }
  const addresses = { attempts: perAddress, window: ATTEMPT_WINDOW }
  return {
    // The address first: once it is refused, it leaves no more names behind.
    async begin(username, address) {
      const from = networkOf(address)
      return (await store.take(from, addresses, now())) && (await store.take(nameKey(username, from), names, now()))
    },
    async succeeded(username, address) {
      const from = networkOf(address)
      await Promise.all([store.giveBack(from, addresses), store.forget(nameKey(username, from))])
    },
  }
}

/** Names are compared without regard to case, as the store does. */
const nameKey = (username: string, from: string): string => `${from} ${username.toLowerCase().slice(0, 256)}`
