/**
 * What a run found, as data: what the reporters print, and what programs read.
 *
 * @module
 */
import type { Level } from './check.ts'
import type { Exchange } from './http.ts'

export type Status = 'pass' | 'fail' | 'warning' | 'skipped'

/** One check on one server. */
export interface CheckResult {
  readonly id: string
  readonly title: string
  readonly level: Level
  readonly spec: string
  readonly section: string
  readonly status: Status
  /** Of a pass: what else there is to say. Of one that was skipped: why. */
  readonly note?: string
  readonly expected?: string
  readonly received?: string
  /** What to do about it. */
  readonly mend?: string
  /** What was sent and received, without secrets. */
  readonly exchange?: Exchange
}

export interface Report {
  /** Which server: its issuer or its URL. */
  readonly target: string
  readonly role: 'authorization server' | 'resource server'
  /** ISO 8601. */
  readonly startedAt: string
  readonly results: readonly CheckResult[]
}

export const countOf = ({ results }: Report, status: Status): number =>
  results.filter((result) => result.status === status).length

/** Whether nothing failed. Warnings are no failures; nothing checked is one. */
export const succeeded = (reports: readonly Report[]): boolean =>
  reports.length > 0 && reports.every((report) => countOf(report, 'fail') === 0 && countOf(report, 'pass') > 0)

/** Results by document and place in it, in the order of first appearance. */
export function bySection({ results }: Report): readonly (readonly [spec: string, results: readonly CheckResult[]])[] {
  return [...Map.groupBy(results, ({ spec }) => spec)]
}
