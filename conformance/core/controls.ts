/**
 * A refusal says something only where the same thing, done right, is welcome: a server that refuses everything would pass every check of
 * what must be refused. What was seen to work is remembered, so that nobody is asked to sign in for it again.
 *
 * @module
 */
import { skip, type Verdict } from './check.ts'
import type { Answer } from './http.ts'
import { once } from './once.ts'

export interface Control {
  /** It was seen to work. */
  readonly saw: () => void
  /** Skips, with the reason, unless it was seen to work, or does now. It is tried once. */
  readonly needed: () => Promise<void>
}

/** `attempt`: does it right; why it did not work, or undefined. */
export function createControl(attempt: () => Promise<string | undefined>): Control {
  let isSeen = false
  const tried = once(attempt)
  return {
    saw() {
      isSeen = true
    },
    async needed() {
      if (isSeen) return
      const why = await tried()
      if (why !== undefined) skip(why)
    },
  }
}

/** Controls by name, each made when it is first asked for. */
export function createControls(): (name: string, attempt: () => Promise<string | undefined>) => Control {
  const made = new Map<string, Control>()
  return (name, attempt) => {
    const control = made.get(name) ?? createControl(attempt)
    made.set(name, control)
    return control
  }
}

/** What passes counts only where all of these are not refused, too. */
export async function backed(verdict: Verdict, ...controls: readonly Pick<Control, 'needed'>[]): Promise<Verdict> {
  if (verdict.kind === 'pass') for (const { needed } of controls) await needed()
  return verdict
}

/** Whether nobody could tell from the answers that different things were asked. */
export const isAlike = (one: Answer, other: Answer): boolean =>
  one.status === other.status &&
  one.summary === other.summary &&
  one.headers.get('location') === other.headers.get('location') &&
  (one.json['error'] !== undefined || one.body === other.body)
