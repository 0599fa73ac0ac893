/**
 * Runs checks one after the other and makes a report. Whatever happens in a check is a result of that check.
 *
 * @module
 */
import { type Check, problem, Skip, type Verdict } from './check.ts'
import type { Exchange } from './http.ts'
import { redactExchange, redactText, secretsOf } from './redact.ts'
import type { CheckResult, Report } from './report.ts'
import { Trouble } from './trouble.ts'

export interface RunOptions {
  /** Only these ids. Default: all. */
  readonly only?: readonly string[] | undefined
  readonly onResult?: ((result: CheckResult) => void) | undefined
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined
}

/** Secrets of everything that was sent in a run: what leaked in one request may stand in another. */
export interface Vault {
  readonly record: (exchange: Exchange) => void
  readonly secrets: ReadonlyMap<string, string>
  /** Whether anything was answered that can be judged. */
  readonly wasAnswered: () => boolean
}

export function createVault(): Vault {
  const secrets = new Map<string, string>()
  let answers = 0
  return {
    secrets,
    wasAnswered: () => answers > 0,
    record: (exchange) => {
      for (const [value, name] of secretsOf(exchange)) secrets.set(value, name)
      if (exchange.status !== 429) answers += 1
    },
  }
}

export async function runChecks<Context>(
  checks: readonly Check<Context>[],
  context: Context,
  about: Pick<Report, 'target' | 'role'>,
  vault: Vault,
  { only, onResult, now = Date.now }: RunOptions = {},
): Promise<Report> {
  const startedAt = new Date(now()).toISOString()
  const results: CheckResult[] = []
  let isUnreachable = false
  for (const check of checks) {
    if (only !== undefined && !only.includes(check.id)) continue
    // The one thing that is wrong is told once, and not waited for again.
    const verdict: Verdict = isUnreachable ? { kind: 'skipped', reason: UNREACHABLE } : await attempt(check, context)
    isUnreachable ||= verdict.kind === 'problem' && !vault.wasAnswered()
    const result = toResult(check, verdict, vault)
    results.push(result)
    onResult?.(result)
  }
  return { ...about, startedAt, results }
}

const UNREACHABLE = 'the server cannot be reached'

async function attempt<Context>({ run }: Check<Context>, context: Context): Promise<Verdict> {
  try {
    return await run(context)
  } catch (error) {
    if (error instanceof Skip) return { kind: 'skipped', reason: error.message }
    if (error instanceof Trouble) {
      const { answer, mend, message } = error
      return { kind: 'problem', expected: 'an answer', received: message, answer, mend }
    }
    // A server can answer anything; what a check did not foresee is still no crash of the tool.
    const message = (error instanceof Error ? error.message : String(error)).split('\n')[0]
    return problem('what can be judged', `something unforeseen: ${message}`)
  }
}

function toResult<Context>(check: Check<Context>, verdict: Verdict, { secrets }: Vault): CheckResult {
  const { id, title, level, spec, section, mend } = check
  const about = { id, title, level, spec, section }
  if (verdict.kind === 'skipped') return { ...about, status: 'skipped', note: redactText(verdict.reason, secrets) }
  if (verdict.kind === 'pass') {
    return {
      ...about,
      status: 'pass',
      ...(verdict.note === undefined ? {} : { note: redactText(verdict.note, secrets) }),
    }
  }
  const weight = verdict.level ?? level
  return {
    ...about,
    level: weight,
    status: weight === 'must' ? 'fail' : 'warning',
    expected: verdict.expected,
    received: redactText(verdict.received, secrets),
    mend: verdict.mend ?? mend,
    ...(verdict.answer === undefined ? {} : { exchange: redactExchange(verdict.answer.exchange, secrets) }),
  }
}
