/**
 * What is known of a request beside what it says: its id, and where it came from. It is kept beside it, because a request that is rewritten for
 * routing does not carry it along; and in one place, because looking there costs something.
 *
 * @module
 */

/** An address, or how to find it: asking the listener costs something, and not every endpoint wants to know. */
export type Address = string | (() => string | undefined)

export interface Arrival {
  readonly id: string
  /** Its answer carries the id from its making on. */
  answered: boolean
  /** Of the peer. Undefined: there is no listener. */
  address: Address | undefined
}

const arrivals = new WeakMap<Request, Arrival>()

export const keepArrival = (request: Request, arrival: Arrival): void => void arrivals.set(request, arrival)

/** Undefined: nobody has noted it. */
export const arrivalOf = (request: Request): Arrival | undefined => arrivals.get(request)
