/**
 * The limits of one endpoint as the questions that it asks, in the order in which it asks them.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import type { Digest } from '../claimed.ts'
import type { Clock } from '../ports.ts'
import type { Counter } from './counter.ts'
import type { Exchange } from './exchange.ts'
import type { EndpointLimits } from './rate-limits.ts'

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
export type EndpointCounters = { readonly [Kind in keyof EndpointLimits]: Counter | null } & {
  /** Who has counted lately for whom. */
  readonly people: Counter | null
}

type Asking = Pick<Exchange, 'tick' | 'ask'>

interface Tools {
  readonly now: Clock
  /** What stands for the names of clients that are too long to keep. */
  readonly digest: Digest
  readonly exchange: Asking
}

export function createEndpointLimiter(counters: EndpointCounters, tools: Tools): EndpointLimiter {
  const { now, digest, exchange } = tools
  const { perClient, failures, total } = counters

  const clientKey = (clientId: string): string => (SHORT.test(clientId) ? clientId : `long:${digest(clientId)}`)

  const countOnce = onceForEach(counters, tools)

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
      if (userId === undefined) perClient?.add(client, now())
      else void countOnce(`${userId} ${client}`, client)
    },

    failed(clientId, network) {
      // Without an address they would count for the client alone, and anyone could lock it out.
      if (network !== null) failures?.add(`${network} ${clientKey(clientId)}`, now())
    },
  }
}

/** Counts for a client, each person once: nobody can use up what is there for all its users, at one process or at all of them in turn. */
const onceForEach =
  ({ people, perClient }: EndpointCounters, { now, exchange }: Tools) =>
  async (person: string, client: string): Promise<void> => {
    const at = now()
    if (people === null || people.wait(person, at) > 0) return
    if (!people.add(person, at)) {
      await exchange.ask()
      if (people.excess(person, now()) > 0) return people.takeBack(person, now())
    }
    perClient?.add(client, now())
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

/** What is remembered is bounded, and can be stored. A name in other letters than Latin is soon longer, percent-encoded. */
const SHORT = /^[\x21-\x7E]{1,256}$/
