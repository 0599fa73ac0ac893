/**
 * The limits of one endpoint as the questions that it asks, in the order in which it asks them.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import type { Clock } from '../ports.ts'
import type { Counter } from './counter.ts'
import type { EndpointLimits } from './rate-limits.ts'

/** Everyone answers in whole seconds that the caller has to wait; 0: go on. `requestId`: the request that is told so, for the log. */
export interface EndpointLimiter {
  /** Before anything is read: counts a request from this network. Null: nobody knows from where. */
  arrive(network: string | null, requestId?: string | null): number
  /** Before anything is looked up, now that the request says whose it is. Counts nothing. */
  waitFor(clientId: string, network: string | null, requestId?: string | null): number
  /** It went well, for this client. */
  succeeded(clientId: string): void
  /** It may have been a guess. */
  failed(clientId: string, network: string | null): void
}

/** Null: there is no such limit. */
export type EndpointCounters = { readonly [Kind in keyof EndpointLimits]: Counter | null }

/** `tick` is told the time of each arrival. */
export function createEndpointLimiter(
  { perAddress, perClient, failures, total }: EndpointCounters,
  now: Clock,
  tick: (at: number) => void,
): EndpointLimiter {
  return {
    arrive(network, requestId = null) {
      const at = now()
      tick(at)
      // All are asked before any counts: who is refused by one limit uses up no other.
      const wait =
        (network === null ? 0 : perAddress?.wait(network, at, requestId)) || total?.wait(EVERYONE, at, requestId) || 0
      if (wait > 0) return wait
      if (network !== null) perAddress?.add(network, at)
      total?.add(EVERYONE, at)
      return 0
    },

    waitFor(clientId, network, requestId = null) {
      const at = now()
      const client = clientKey(clientId)
      const guesses = network === null ? 0 : failures?.wait(`${network} ${client}`, at, requestId)
      return guesses || perClient?.wait(client, at, requestId) || 0
    },

    succeeded(clientId) {
      perClient?.add(clientKey(clientId), now())
    },

    failed(clientId, network) {
      // Without an address they would count for the client alone, and anyone could lock it out.
      if (network !== null) failures?.add(`${network} ${clientKey(clientId)}`, now())
    },
  }
}

const EVERYONE = ''

/** What is remembered is bounded, and can be stored. No client id of ours, and hardly a URL, is anything else. */
const clientKey = (clientId: string): string => (/^[\x21-\x7E]{1,512}$/.test(clientId) ? clientId : OTHER)

const OTHER = '-'
