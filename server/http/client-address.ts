/**
 * The peer's address of a request.
 *
 * @module
 */
import { networkOf } from '../core/network.ts'
import { recentKeys } from '../core/rate-limits/recent-keys.ts'
import { arrivalOf } from './arrival.ts'

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
  const arrival = arrivalOf(request)
  if (typeof arrival?.address === 'function') arrival.address = arrival.address()
  return arrival?.address
}

/** Taking an address apart costs more than all counting. */
const networks = recentKeys<string>(10_000)
