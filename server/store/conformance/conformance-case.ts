/**
 * A check that any store, or any other port, must pass. Free of a test runner: it passes by returning and fails by throwing.
 *
 * @module
 */
import type { OpenStore } from '../open-store.ts'

export interface ConformanceCase<Subject = OpenStore> {
  /** Unique. Begins with the port and the verb. */
  readonly name: string
  /** The subject is fresh: a store is empty, and nobody else uses it. */
  run(subject: Subject): Promise<void>
}
