/**
 * What is behind a session, for the adapters in this package: hosts see methods only.
 *
 * @module
 */
import { SallyportError } from '../errors.ts'
import type { SessionState } from './state.ts'

const states = new WeakMap<object, SessionState>()

/** Remembers the state of a session that is being made. */
export function withState<Session extends object>(session: Session, state: SessionState): Session {
  states.set(session, state)
  return session
}

/** @throws {SallyportError} `configuration` for anything that `createSession` did not make, copies of a session among them */
export function stateOf(session: object): SessionState {
  const state = states.get(session)
  if (state !== undefined) return state
  throw new SallyportError('configuration', { cause: new TypeError('this is no session that createSession made') })
}
