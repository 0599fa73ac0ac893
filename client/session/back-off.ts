/**
 * Leaving a server alone that could not refresh: longer each time, and for every process that shares the store.
 *
 * @see RFC 9110 section 10.2.3: `Retry-After`
 * @module
 */
import { type Guarded, isNumber, isRecord, isString } from '../../shared/guard.ts'
import { type ClientContext, randomToken } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { pauseKey } from '../stores/keys.ts'

/** Seconds after the first failure; doubles with each further one. */
const FIRST_PAUSE = 1
const LONGEST_PAUSE = 60

/** What a server asks for is an hour at most. Further away, a clock was wrong. */
const FURTHEST = 3600

/** As it is stored. `until` in seconds since the epoch. */
const isPause = isRecord({ generation: isString, until: isNumber, failures: isNumber })
export type Pause = Guarded<typeof isPause>

/**
 * The pause that a refresh of the credential at `key` comes after; `undefined`: none that is known.
 *
 * @throws {SallyportError} `refresh_unavailable` while it lasts
 */
export async function afterPause({ store, now }: ClientContext, key: string): Promise<Pause | undefined> {
  const pause = await store.get(pauseKey(key))
  if (!isPause(pause)) return undefined
  const left = pause.until - now()
  if (left > 0 && left <= FURTHEST) throw new SallyportError('refresh_unavailable', { retryAfter: left })
  return pause
}

/** Begins a pause, of `asked` seconds or more; its length. */
export async function beginPause(
  { store, now }: ClientContext,
  key: string,
  before: Pause | undefined,
  asked: number | undefined,
): Promise<number> {
  const failures = (before?.failures ?? 0) + 1
  const seconds = Math.max(asked ?? 0, Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
  const until = now() + seconds
  const pause = { generation: randomToken(16), until, failures, dropAfter: until + FURTHEST }
  // A store in trouble is no reason to hide what happened.
  await store.set(pauseKey(key), pause).catch(() => {})
  return seconds
}

/** The server is well again. */
export async function endPause({ store }: ClientContext, key: string, before: Pause | undefined): Promise<void> {
  if (before !== undefined) await store.delete(pauseKey(key)).catch(() => {})
}
