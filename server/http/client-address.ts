/**
 * The peer's address of a request, kept beside it: a request that is rewritten for routing does not carry it along.
 *
 * @module
 */

const addresses = new WeakMap<Request, string>()

/** Notes the address of the peer that sent `request`. */
export function noteClientAddress(request: Request, address: string | undefined): void {
  if (address !== undefined) addresses.set(request, address)
}

/** The address as the listener saw it; `unknown` where there is no listener. */
export const clientAddress = (request: Request): string => addresses.get(request) ?? 'unknown'
