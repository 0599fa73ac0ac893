/**
 * What is behind a step, for the grants of this package: hosts see what `GrantStep` says.
 *
 * @module
 */
import type { ClientContext } from '../context.ts'
import type { StoredKey } from '../dpop/stored-key.ts'
import { SallyportError } from '../errors.ts'
import type { GrantStep } from './grant-type.ts'

/** The session that a grant runs for. */
export interface Behind {
  readonly context: ClientContext
  /** The key that the tokens are to be bound to, and whether they have to be; `undefined`: Bearer. */
  readonly dpop: { readonly key: StoredKey; readonly required: boolean } | undefined
}

const steps = new WeakMap<GrantStep, Behind>()

export function withBehind(step: GrantStep, behind: Behind): GrantStep {
  steps.set(step, behind)
  return step
}

/** @throws {SallyportError} `configuration` for a step that no session made, copies among them */
export function behind(step: GrantStep): Behind {
  const found = steps.get(step)
  if (found !== undefined) return found
  throw new SallyportError('configuration', { cause: new TypeError('this is no step that a session made') })
}
