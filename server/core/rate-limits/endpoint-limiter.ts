/**
 * The limits of one endpoint as the questions that it asks, in the order in which it asks them.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import type { Clock } from '../ports.ts'
import { type Counter, KEYS } from './counter.ts'
import type { Exchange } from './exchange.ts'
import type { EndpointLimits } from './rate-limits.ts'
import { recentKeys } from './recent-keys.ts'

/**
 * Everyone answers in whole seconds that the caller has to wait; 0: go on. A promise, when other processes had to be asked first.
 * `requestId`: the request that is told so, for the log.
 */
export interface EndpointLimiter {
  /** Before anything is read: counts a request from this network. Null: nobody knows from where. */
  arrive(network: string | null, requestId?: string | null): number | Promise<number>
  /** Before anything is looked up, now that the request says whose it is. Counts nothing. */
  waitFor(clientId: string, network: string | null, requestId?: string | null): number | Promise<number>
  /** What arrived was refused for its client's sake: it takes nothing of what is there for everyone. */
  takeBack(): void
  /** It went well, for this client. `userId`: somebody who counts once a minute, however often they do it. */
  succeeded(clientId: string, userId?: string): void
  /** It may have been a guess. */
  failed(clientId: string, network: string | null): void
}

/** Null: there is no such limit. */
export type EndpointCounters = { readonly [Kind in keyof EndpointLimits]: Counter | null }

type Asking = Pick<Exchange, 'tick' | 'ask'>

export function createEndpointLimiter(counters: EndpointCounters, now: Clock, exchange: Asking): EndpointLimiter {
  const { perClient, failures, total } = counters
  const people = recentKeys<number>(KEYS)

  /** So that one person cannot use up what is there for all users of a client. */
  const isCounted = (key: string, at: number): boolean => {
    if (at - (people.get(key) ?? Number.NEGATIVE_INFINITY) < A_MINUTE) return true
    people.set(key, at)
    return false
  }

  const waitNow = (client: string, guesses: string | null, requestId: string | null): number => {
    const at = now()
    const wait = guesses === null ? 0 : failures?.wait(guesses, at, requestId)
    return wait || perClient?.wait(client, at, requestId) || 0
  }

  return {
    arrive: arrivals(counters, now, exchange),

    waitFor(clientId, network, requestId = null) {
      const at = now()
      const client = clientKey(clientId)
      const guesses = network === null ? null : `${network} ${client}`
      const guessesSure = guesses === null || failures === null || failures.isSure(guesses, at)
      const clientSure = perClient === null || perClient.isSure(client, at)
      if (guessesSure && clientSure) return waitNow(client, guesses, requestId)
      return exchange.ask().then(() => waitNow(client, guesses, requestId))
    },

    takeBack() {
      total?.takeBack(EVERYONE, now())
    },

    succeeded(clientId, userId) {
      const client = clientKey(clientId)
      const at = now()
      if (userId === undefined || !isCounted(`${userId} ${client}`, at)) perClient?.add(client, at)
    },

    failed(clientId, network) {
      // Without an address they would count for the client alone, and anyone could lock it out.
      if (network !== null) failures?.add(`${network} ${clientKey(clientId)}`, now())
    },
  }
}

function arrivals(
  { perAddress, total }: EndpointCounters,
  now: Clock,
  { tick, ask }: Asking,
): EndpointLimiter['arrive'] {
  /** Asks whether there was room for a request that was counted as if there were. */
  async function confirm(network: string | null, requestId: string | null): Promise<number> {
    await ask()
    const at = now()
    const wait =
      (network === null ? 0 : perAddress?.excess(network, at, requestId)) || total?.excess(EVERYONE, at, requestId) || 0
    if (wait === 0) return 0
    if (network !== null) perAddress?.takeBack(network, at)
    total?.takeBack(EVERYONE, at)
    // Until the others hear of it, they refuse those for whom there is room again.
    void ask()
    return wait
  }

  return (network, requestId = null) => {
    const at = now()
    tick(at)
    // All are asked before any counts: who is refused by one limit uses up no other.
    const wait =
      (network === null ? 0 : perAddress?.wait(network, at, requestId)) || total?.wait(EVERYONE, at, requestId) || 0
    if (wait > 0) return wait
    const addressSure = network === null || perAddress === null || perAddress.add(network, at)
    const totalSure = total === null || total.add(EVERYONE, at)
    return addressSure && totalSure ? 0 : confirm(network, requestId)
  }
}

const EVERYONE = ''

/** Seconds. */
const A_MINUTE = 60

/** What is remembered is bounded, and can be stored. No client id of ours, and hardly a URL, is anything else. */
const clientKey = (clientId: string): string => (/^[\x21-\x7E]{1,512}$/.test(clientId) ? clientId : OTHER)

const OTHER = '-'
