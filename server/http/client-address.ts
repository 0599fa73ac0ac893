/**
 * The peer's address of a request, kept beside it: a request that is rewritten for routing does not carry it along.
 *
 * @module
 */

/** An address, or how to find it: asking the listener costs something, and only sign-in wants to know. */
export type Address = string | (() => string | undefined)

const addresses = new WeakMap<Request, Address>()

/** Notes the address of the peer that sent `request`. */
export function noteClientAddress(request: Request, address: Address | undefined): void {
  if (address !== undefined) addresses.set(request, address)
}

/** The address as the listener saw it; `unknown` where there is no listener. */
export function clientAddress(request: Request): string {
  const address = addresses.get(request)
  return (typeof address === 'function' ? address() : address) ?? 'unknown'
}
