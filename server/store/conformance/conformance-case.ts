/**
 * A check that any store must pass. Free of a test runner: it passes by returning and fails by throwing.
 *
 * @module
 */
import type { OpenStore } from '../open-store.ts'

export interface ConformanceCase {
  /** Unique. Begins with the port and the verb. */
  readonly name: string
  /** `store` is fresh: empty, and used by nobody else. */
  run(store: OpenStore): Promise<void>
}
