/**
 * Why it does not connect: `sallyport flows`.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { ok } from '../../shared/result.ts'
import { type Digest, recordedName } from '../core/claimed.ts'
import type { Clock, Store } from '../core/ports.ts'
import { isReason, toOAuthError } from '../core/rejection.ts'
import { type Outcome, refuse } from './context.ts'
import { type Attempt, joinAttempts, type TracedStep } from './flow-attempts.ts'
import { parseSince, SINCE_WANTED } from './since.ts'
import { printable } from './table.ts'

export interface FlowsWanted {
  readonly client?: string
  /** Only attempts that were refused, or left before they came to anything. */
  readonly failed: boolean
  readonly since: string
  readonly json: boolean
}

interface Tools {
  readonly store: Pick<Store, 'flows' | 'clients'>
  readonly now: Clock
  readonly digest: Digest
}

export async function showFlows({ store, now, digest }: Tools, wanted: FlowsWanted): Outcome {
  const since = parseSince(wanted.since, now())
  if (since === null) return refuse(SINCE_WANTED)
  const { attempts, onlyDiscovered } = joinAttempts(await store.flows.since(since), now())
  const shown = attempts.filter(
    ({ clientId, state }) =>
      (wanted.client === undefined || clientId === wanted.client || clientId === recordedName(wanted.client, digest)) &&
      (!wanted.failed || state === 'refused' || state === 'left'),
  )
  if (wanted.json) return ok(shown.map((attempt) => JSON.stringify(attempt)).join('\n'))
  const ids = [...new Set(shown.flatMap(({ clientId }) => clientId ?? []))]
  const names = new Map(await Promise.all(ids.map(async (id) => [id, (await store.clients.find(id))?.name] as const)))
  const blocks = shown.map((attempt) => describe(attempt, names.get(attempt.clientId ?? '') ?? null))
  return ok([...blocks, summary(shown, onlyDiscovered)].join('\n\n'))
}

function describe(attempt: Attempt, name: string | null): string {
  const { clientId, resource, steps } = attempt
  const client = [name ?? '', clientId ?? 'unknown client'].filter((part) => part !== '').join(', ')
  const head = [timeOf(steps[0]?.at ?? 0, 0), printable(client), resource ?? ''].filter((part) => part !== '')
  return [head.join('  '), ...steps.map(line), `  => ${verdict(attempt)}`].join('\n')
}

function line({ at, step, outcome, reason, attempt, times, guessed, requestId }: TracedStep): string {
  const what = reason === null ? outcome : `${outcome}: ${explain(reason)}`
  const more = [
    ...(times === 1 ? [] : [`${times} times`]),
    ...(guessed ? [step === 'discovery' ? 'a guess: the same address' : 'a guess: it names no client'] : []),
    ...(step === 'assertion' && attempt !== null ? [`of ${printable(attempt)}`] : []),
    ...(outcome === 'refused' && requestId !== null ? [`request ${requestId}`] : []),
  ]
  return `  ${timeOf(at, 11)}  ${step.padEnd(12)}  ${what}${more.length === 0 ? '' : ` (${more.join(', ')})`}`
}

/** What happened when nothing happened any more. */
const SILENCE: Readonly<Record<TracedStep['step'], string>> = {
  discovery: 'nothing followed',
  registration: 'it did not register',
  authorize: 'it registered, and never sent anybody to sign in',
  sign_in: 'nobody signed in',
  consent: 'nobody agreed or declined',
  code: 'no code was issued',
  assertion: 'no assertion came',
  token: 'the code was never redeemed: it did not reach the application, or the application does not reach this server',
  first_call: 'nothing was called',
  exchange: 'nothing was exchanged',
}

/** What can be said of tokens that nobody has asked about. */
const ISSUED = 'tokens issued; no call of a resource seen (a resource that verifies tokens itself is not seen)'

/** Who comes too often is not read, so nobody knows whose request that was. */
const perhaps = ({ nameless }: Attempt): string =>
  nameless === null
    ? ''
    : `; or its request was refused: one that names no client was (${nameless.reason}, request ${nameless.requestId})`

function verdict(attempt: Attempt): string {
  const { state, stoppedAt, reason, steps } = attempt
  if (stoppedAt === null) return state === 'issued' ? ISSUED : 'connected'
  if (state === 'refused')
    return `stopped at ${stoppedAt}: ${reason ?? 'refused'}${steps.at(-1)?.guessed ? ' (a guess)' : ''}`
  const silence =
    state === 'waiting' ? `waiting for ${stoppedAt}` : `stopped before ${stoppedAt}: ${SILENCE[stoppedAt]}`
  return `${silence}${perhaps(attempt)}`
}

function summary(attempts: readonly Attempt[], onlyDiscovered: number): string {
  const count = (state: Attempt['state']): number => attempts.filter((attempt) => attempt.state === state).length
  const parts = (['connected', 'issued', 'refused', 'left', 'waiting'] as const).map(
    (state) => `${count(state)} ${state}`,
  )
  const readings = onlyDiscovered === 0 ? '' : ` The metadata was read ${onlyDiscovered} times by others.`
  return `${attempts.length} attempts: ${parts.join(', ')}.${readings}`
}

/** Our own reasons with what the wire said; others as they are. */
const explain = (reason: string): string =>
  isReason(reason) ? `${reason} (${toOAuthError(reason).description})` : reason

/** `2026-07-28 12:00:01`, from a place in it on. */
const timeOf = (at: number, from: number): string =>
  new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ').slice(from)
