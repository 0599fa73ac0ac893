/**
 * A check: one requirement of a specification, as data, with the function that tries it on a server. What it found is a value; what
 * becomes of that (failure, warning) follows from the level of the requirement.
 *
 * @module
 */
import type { Answer } from './http.ts'

/** `must`: a server that does otherwise fails. `should`: it is warned. */
export type Level = 'must' | 'should'

export interface Check<Context> {
  /** Stable: reports of different days are compared by it. */
  readonly id: string
  /** What a conforming server does, as one sentence. */
  readonly title: string
  readonly level: Level
  /** The document that says so: `RFC 8414`, `MCP 2026-07-28`. */
  readonly spec: string
  /** The place in it: `section 3.3`, or a heading. */
  readonly section: string
  /** What the operator of a server can do about it, in plain words. */
  readonly mend: string
  readonly run: (context: Context) => Promise<Verdict>
}

/** What a check found. `skipped` says why it could not look. */
export type Verdict =
  | { readonly kind: 'pass'; readonly note?: string }
  | {
      readonly kind: 'problem'
      readonly expected: string
      readonly received: string
      readonly answer?: Answer | undefined
      /** What to do about this very problem, where the check has only general advice. */
      readonly mend?: string | undefined
      /** Where it weighs more at this server than the check says. */
      readonly level?: Level | undefined
    }
  | { readonly kind: 'skipped'; readonly reason: string }

export const pass = (note?: string): Verdict => (note === undefined ? { kind: 'pass' } : { kind: 'pass', note })

/** What was expected, and the answer (or, in words, what there was instead). */
export function problem(
  expected: string,
  found: Answer | string,
  received?: string,
  mend?: string,
): Extract<Verdict, { kind: 'problem' }> {
  if (typeof found === 'string') return { kind: 'problem', expected, received: found, mend }
  return { kind: 'problem', expected, received: received ?? found.summary, answer: found, mend }
}

/** `pass()`, unless `holds` does not. */
export const expectThat = (holds: boolean, expected: string, found: Answer | string, received?: string): Verdict =>
  holds ? pass() : problem(expected, found, received)

/** Thrown where a check does not apply, or what it builds on is not there: the runner reports it as skipped. */
export class Skip extends Error {
  override readonly name = 'Skip'
}

/** Ends a check without a result. */
export function skip(reason: string): never {
  throw new Skip(reason)
}
