/**
 * The peer's address of a request, kept beside it: a request that is rewritten for routing does not carry it along.
 *
 * @module
 */
import { networkOf } from '../core/network.ts'
import { recentKeys } from '../core/rate-limits/recent-keys.ts'

/** An address, or how to find it: asking the listener costs something, and not every endpoint wants to know. */
export type Address = string | (() => string | undefined)

const addresses = new WeakMap<Request, Address>()

/** Notes the address of the peer that sent `request`. */
export function noteClientAddress(request: Request, address: Address | undefined): void {
  if (address !== undefined) addresses.set(request, address)
}

/** The address as the listener saw it; `unknown` where there is no listener. */
export const clientAddress = (request: Request): string => find(request) ?? 'unknown'

/** What the limits count as one caller; null where there is no listener. */
export function clientNetwork(request: Request): string | null {
  const address = find(request)
  if (address === undefined) return null
  const known = networks.get(address)
  if (known !== undefined) return known
  const network = networkOf(address)
  networks.set(address, network)
  return network
}

/** Asks the listener once. */
function find(request: Request): string | undefined {
  const noted = addresses.get(request)
  if (typeof noted !== 'function') return noted
  const address = noted()
  if (address !== undefined) addresses.set(request, address)
  return address
}

/** Taking an address apart costs more than all counting. */
const networks = recentKeys<string>(10_000)
