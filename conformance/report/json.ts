/**
 * The report for programs. Members are only ever added.
 *
 * @module
 */
import { type Report, succeeded } from '../core/report.ts'
import { receivedOf, sentOf } from './wire.ts'

export function toJson(reports: readonly Report[]): string {
  const document = {
    succeeded: succeeded(reports),
    reports: reports.map(({ target, role, startedAt, results }) => ({
      target,
      role,
      started_at: startedAt,
      results: results.map(({ exchange, ...result }) => ({
        ...result,
        ...(exchange === undefined ? {} : { exchange: { sent: sentOf(exchange), received: receivedOf(exchange) } }),
      })),
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
