/**
 * One sign-in for all bridges of a machine: whoever holds the store's lock opens the browser, the others wait and find the credential.
 *
 * @see docs/adr/0165-one-sign-in-for-all-bridges.md
 * @module
 */
import * as v from 'valibot'
import { randomToken } from '../context.ts'
import { hasCode, SallyportError } from '../errors.ts'
import type { Store, StoredRecord } from '../stores/store.ts'

/** A person is needed, and has not come yet. The sign-in stays open: once it is done, everything works. */
export class SignInPending extends Error {
  override readonly name = 'SignInPending'
  /** Where to sign in; `undefined` where another program has the address. */
  readonly url: string | undefined

  constructor(resource: string, url: string | undefined) {
    const where = url === undefined ? 'in the browser window that was opened' : `at ${url}`
    super(`${resource} needs you to sign in: do so ${where}, then try again.`)
    this.url = url
  }
}

export interface SignInOptions {
  readonly store: Store
  readonly resource: string
  readonly profile: string
  /** `session.authorize`: returns at once where a usable credential exists. */
  readonly authorize: (scope: readonly string[]) => Promise<unknown>
  /** Milliseconds that a caller waits before it is told where to sign in. Hosts give up after 60 s. */
  readonly wait: number
}

export interface SignIn {
  /**
   * @throws {SignInPending} when nobody has signed in yet
   * @throws {SallyportError} what became of the sign-in, here or in another process
   */
  readonly ensure: (scope: readonly string[]) => Promise<void>
  /** To be called with the address that a person is to open. */
  readonly shown: (url: string) => void
}

const keyOf = ({ resource, profile }: SignInOptions): string => `signin:${JSON.stringify([resource, profile])}`

export function createSignIn(options: SignInOptions): SignIn {
  const { store, resource, authorize, wait } = options
  const key = keyOf(options)
  const flights = new Map<string, Promise<void>>()
  let own: string | undefined

  async function attempt(scope: readonly string[]): Promise<void> {
    const began = Date.now()
    await patiently(() =>
      store.lock(key, async () => {
        const last = readAttempt(await store.get(key))
        // One person, one answer: whoever was waiting meanwhile does not ask again.
        if (last?.failed !== undefined && last.at >= began) throw new SallyportError(last.failed)
        try {
          await authorize(scope)
          await store.delete(key)
        } catch (problem) {
          const failed = hasCode(problem, 'authorization_denied') ? problem.code : 'interaction_failed'
          await store.set(key, { generation: randomToken(8), at: Date.now(), failed })
          throw problem
        } finally {
          own = undefined
        }
      }),
    )
  }

  return {
    async ensure(scope) {
      const purpose = [...scope].sort().join(' ')
      const flight = flights.get(purpose) ?? attempt(scope).finally(() => flights.delete(purpose))
      flights.set(purpose, flight)
      const late = Promise.withResolvers<'late'>()
      const timer = setTimeout(() => late.resolve('late'), wait)
      try {
        if ((await Promise.race([flight, late.promise])) !== 'late') return
      } finally {
        clearTimeout(timer)
      }
      throw new SignInPending(resource, own ?? readAttempt(await store.get(key))?.url)
    },
    shown(url) {
      own = url
      store.set(key, { generation: randomToken(8), at: Date.now(), url }).catch(() => {})
    },
  }
}

/** Somebody else may be at the sign-in page for longer than a store waits for a lock. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (problem) {
      if (!(problem instanceof SallyportError && problem.code === 'store_busy')) throw problem
    }
  }
}

/** What the store says of the last attempt. `at` in milliseconds since the epoch. */
const Attempt = v.object({
  at: v.number(),
  url: v.optional(v.string()),
  failed: v.optional(v.picklist(['authorization_denied', 'interaction_failed'])),
})

function readAttempt(record: StoredRecord | undefined): v.InferOutput<typeof Attempt> | undefined {
  const parsed = v.safeParse(Attempt, record)
  return parsed.success ? parsed.output : undefined
}
