/**
 * A value that is loaded when first needed, kept for a while, and loaded again when it is old or found wanting.
 *
 * Bounded on every side: one load at a time, a pause between loads whoever asks, and an end to how long an old value serves
 * when no new one can be had.
 *
 * @module
 */

/** Times in seconds. */
export interface Remembering<Value = unknown> {
  readonly now: () => number
  /** How long a value is used without asking again; a function where each says so itself. */
  readonly maxAge: number | ((value: Value) => number)
  /** How much longer it serves while loading fails. */
  readonly maxStale: number
  /** The pause after a success before `newer` loads again. */
  readonly cooldown: number
  /** The pause after a failure before anything loads again. */
  readonly retryDelay: number
  /** Hears of every load that failed. */
  readonly onFailure: (cause: unknown) => void
  /** Whether an old value may serve after this failure. Default: after any. */
  readonly mayServe?: (cause: unknown) => boolean
}

/** A value, and when it was loaded. */
export interface Loaded<Value> {
  readonly value: Value
  readonly at: number
}

export interface Remembered<Value> {
  /** The value, loaded where need be. Rejects as the load did, when there is none that may still be used. */
  current(): Promise<Value>
  /** A value that was loaded later, for a caller whom the current one failed; the current one during the pause after a success. */
  newer(): Promise<Value>
}

/** Remembers what `load` gives. `recall`: what somebody else has loaded, which is asked for first. */
export function remember<Value>(
  load: () => Promise<Value>,
  rules: Remembering<Value>,
  recall: () => Promise<Loaded<Value> | null> = async () => null,
): Remembered<Value> {
  let held: Loaded<Value> | undefined
  let failed: { readonly error: unknown; readonly at: number } | undefined
  let pending: { readonly within: number; readonly value: Promise<Value> } | undefined

  const run = async (within: number): Promise<Value> => {
    try {
      const known = await recall()
      if (known !== null && (held === undefined || known.at > held.at)) held = known
      if (held !== undefined && isFresh(within)) return held.value
      const value = await load()
      held = { value, at: rules.now() }
      failed = undefined
      return value
    } catch (error) {
      failed = { error, at: rules.now() }
      rules.onFailure(error)
      throw error
    } finally {
      pending = undefined
    }
  }
  /** One that is `within` so many seconds. */
  const reload = async (within: number): Promise<Value> => {
    // What is under way for others may be content with something older.
    while (pending !== undefined && pending.within > within) await pending.value.catch(() => {})
    if (failed !== undefined && rules.now() - failed.at < rules.retryDelay) throw failed.error
    pending ??= { within, value: run(within) }
    return pending.value
  }
  const ageLimit = (value: Value): number => (typeof rules.maxAge === 'number' ? rules.maxAge : rules.maxAge(value))
  const youngerThan = (seconds: number): boolean => held !== undefined && rules.now() - held.at < seconds
  /** Fresh, and no older than so many seconds. */
  const isFresh = (within: number): boolean => held !== undefined && youngerThan(Math.min(within, ageLimit(held.value)))

  return {
    async current() {
      if (held !== undefined && isFresh(WHATEVER_ITS_AGE)) return held.value
      try {
        return await reload(WHATEVER_ITS_AGE)
      } catch (error) {
        const mayServe = rules.mayServe?.(error) ?? true
        if (mayServe && held !== undefined && youngerThan(ageLimit(held.value) + rules.maxStale)) return held.value
        throw error
      }
    },
    async newer() {
      return held !== undefined && isFresh(rules.cooldown) ? held.value : reload(rules.cooldown)
    },
  }
}

/** For a caller to whom any fresh value will do. */
const WHATEVER_ITS_AGE = Number.POSITIVE_INFINITY
