/**
 * The token that an SDK was given last: all that an adapter can know of requests that the SDK makes by itself.
 *
 * @see RFC 6750 section 2.1: it goes out as Bearer, so it must not be bound to a key
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import { AuthorizationRequiredError, SallyportError } from '../errors.ts'
import { currentCredential } from '../session/current.ts'
import { afterUnauthorized } from '../session/fetch.ts'
import type { Session } from '../session/session.ts'
import type { SessionState } from '../session/state.ts'
import { stateOf } from '../session/state-of.ts'
import type { Credential } from '../token/credential.ts'

/** Seconds for which a 401 is taken to be about the token before: requests run side by side, and no SDK says which one it was. */
const JUST_OBTAINED = 5
/** Seconds in which a token that came of one 401 and meets the next shows that renewing does not help. */
const REFUSED_AGAIN = 60

/** What an SDK has of a session. */
export interface HandedOut {
  readonly state: SessionState
  /** The credential for the next request, renewed if need be; `undefined`: let the server say what it wants. */
  readonly next: () => Promise<Credential | undefined>
  readonly last: () => Credential | undefined
  /**
   * The resource has answered 401: another credential is there now, unless it throws.
   *
   * @throws {AuthorizationRequiredError} where only a person can help
   */
  readonly refused: (headers: Headers) => Promise<void>
}

/** @throws {SallyportError} `configuration` unless the session was made with `dpop: 'off'` */
export function handingOut(session: Session): HandedOut {
  const state = stateOf(session)
  const { context } = state
  if (context.dpop !== 'off') {
    const cause = new TypeError(
      "an SDK sends tokens as Bearer: make the session with `dpop: 'off'`, or use session.fetch",
    )
    throw new SallyportError('configuration', { cause })
  }
  let last: Credential | undefined
  let renewed: string | undefined

  return {
    state,
    async next() {
      last = await currentCredential(state).catch((error) => {
        // Once the server has refused it, the SDK asks what to do: then is the time for a person.
        if (error instanceof AuthorizationRequiredError) return undefined
        throw error
      })
      return last
    },
    last: () => last,
    async refused(headers) {
      const age = last === undefined ? Number.POSITIVE_INFINITY : context.now() - last.obtainedAt
      if (age < JUST_OBTAINED) return
      if (last !== undefined && last.generation === renewed && age < REFUSED_AGAIN) {
        state.rejected = renewed
        throw new AuthorizationRequiredError('token_rejected', context.resource, last.requestedScope)
      }
      renewed = (await afterUnauthorized(state, { signal: undefined }, last, headers)).generation
    },
  }
}
