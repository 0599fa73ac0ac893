/**
 * Joins the steps of the flow trace to attempts, and says how each ended. Pure.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { CLAIMED, isMark } from '../core/claimed.ts'
import type { FlowStep } from '../core/flow.ts'

/** A step with how often it was taken in a row. */
export interface TracedStep extends FlowStep {
  readonly times: number
  /** Joined because the address is the same, or because no other attempt was under way. */
  readonly guessed: boolean
}

export interface Attempt {
  /** In their order. */
  readonly steps: readonly TracedStep[]
  readonly clientId: string | null
  readonly resource: string | null
  /** `issued`: it has tokens, and no resource asked about them. `waiting`: the next step may still come. `left`: it did not. */
  readonly state: 'connected' | 'issued' | 'waiting' | 'left' | 'refused'
  /** A refused token request that named nobody, while this attempt had a code and no token: it may have been its own. */
  readonly nameless: FlowStep | null
  /** Where it ended; null: it did not. */
  readonly stoppedAt: FlowStep['step'] | null
  readonly reason: string | null
}

/** What the steps were, and how many readings of the metadata led to nothing that can be seen. */
export interface Attempts {
  readonly attempts: readonly Attempt[]
  readonly onlyDiscovered: number
}

/** Seconds within which what has only the client or the address in common is joined, and after which nobody is waited for any more. */
const WITHIN = 600

/** `steps`: oldest first. */
export function joinAttempts(steps: readonly FlowStep[], now: number): Attempts {
  const groups: FlowStep[][] = []
  const keys = new Map<string, FlowStep[]>()
  const registrations = new Map<string, FlowStep>()
  const discoveries = steps.filter(({ step }) => step === 'discovery')
  const nameless = steps.filter(isNameless)
  const guesses = new Set<FlowStep>()

  const groupOf = (step: FlowStep): FlowStep[] =>
    keysOf(step)
      .map((key) => keys.get(key))
      .find((group) => group !== undefined && continues(group, step)) ??
    unfinished(step) ??
    start(step)
  /** A refused token request without a known code says only whose it was, or not even that. */
  const unfinished = (step: FlowStep): FlowStep[] | undefined => {
    if (step.step !== 'token') return undefined
    const waiting = groups.filter((group) => group.some(isCode) && !hasTokens(group) && isSoon(group, step))
    if (step.clientId !== null) return waiting.findLast((group) => group.some(isCodeOf(step.clientId)))
    const nearby = waiting.findLast((group) => group.some((other) => isSameAddress(other, step)))
    const found = nearby ?? (waiting.length === 1 ? waiting[0] : undefined)
    if (found !== undefined) guesses.add(step)
    return found
  }
  const start = (step: FlowStep): FlowStep[] => {
    const registration = step.clientId === null ? undefined : registrations.get(step.clientId)
    if (step.clientId !== null) registrations.delete(step.clientId)
    const group = registration === undefined ? [] : [registration]
    groups.push(group)
    return group
  }

  for (const step of steps) {
    if (step.step === 'discovery') continue
    if (step.step === 'registration' && step.outcome === 'done' && step.clientId !== null) {
      registrations.set(step.clientId, step)
      continue
    }
    const group = groupOf(step)
    group.push(step)
    for (const key of keysOf(step)) keys.set(key, group)
  }
  const all = [...groups, ...[...registrations.values()].map((step) => [step])].sort(byFirst)
  const used = new Set<FlowStep>()
  const attempts = all.map((group) => toAttempt(withDiscovery(group, discoveries, { used, guesses }), nameless, now))
  return { attempts, onlyDiscovered: discoveries.filter((step) => !used.has(step)).length }
}

function keysOf({ step, clientId, attempt, grantId }: FlowStep): readonly string[] {
  // The grant is the person's, and the attempt that it came of has succeeded.
  if (step === 'exchange') return [`exchange ${clientId} ${grantId}`]
  // One person may have several clients, and an issuer that is only claimed has all of them.
  const name = step === 'assertion' ? `assertion ${clientId}` : 'attempt'
  return [...(grantId === null ? [] : [`grant ${grantId}`]), ...(attempt === null ? [] : [`${name} ${attempt}`])]
}

/** Applications that use one challenge for all attempts begin anew where the last has ended. */
function continues(group: readonly FlowStep[], step: FlowStep): boolean {
  if ((step.step === 'exchange' || step.step === 'assertion') && !isSoon(group, step)) return false
  const clientId = clientOf(group)
  const areKnown = [clientId, step.clientId].every((id) => id !== null && !isMark(id))
  if (areKnown && clientId !== step.clientId) return false
  const isBeginning = step.step === 'authorize' || (step.step === 'sign_in' && step.outcome === 'asked')
  const isOver = hasTokens(group) || group.some(({ reason }) => reason === 'denied_by_user')
  return !(isBeginning && isOver)
}

/** The first that is known, else the first that was said: before anybody is signed in, a client's document is not read. */
function clientOf(steps: readonly FlowStep[]): string | null {
  const ids = steps.flatMap(({ clientId }) => clientId ?? [])
  return ids.find((id) => !isMark(id)) ?? ids[0] ?? null
}

const isCode = ({ step }: FlowStep): boolean => step === 'code'

const isCodeOf = (clientId: string | null) => (step: FlowStep) => isCode(step) && step.clientId === clientId

const isSameAddress = (one: FlowStep, other: FlowStep): boolean => one.address !== null && one.address === other.address

const isDone = (group: readonly FlowStep[], ...wanted: readonly FlowStep['step'][]): boolean =>
  group.some(({ step, outcome }) => outcome === 'done' && wanted.includes(step))

const hasTokens = (group: readonly FlowStep[]): boolean => isDone(group, 'assertion', 'token', 'first_call')

const isSoon = (group: readonly FlowStep[], { at }: FlowStep): boolean => at - (group.at(-1)?.at ?? 0) <= WITHIN

const isNameless = ({ step, clientId, grantId }: FlowStep): boolean =>
  step === 'token' && clientId === null && grantId === null

/** One step stands for all of its kind from one address in a minute. */
const isMeanwhile = (code: FlowStep, { at }: FlowStep): boolean => at >= code.at - 60 && at <= code.at + WITHIN

const byFirst = ([one]: readonly FlowStep[], [other]: readonly FlowStep[]): number => (one?.at ?? 0) - (other?.at ?? 0)

/** The last reading of the metadata by an address that registered or redeemed soon after. */
function withDiscovery(
  group: readonly FlowStep[],
  discoveries: readonly FlowStep[],
  { used, guesses }: { readonly used: Set<FlowStep>; readonly guesses: ReadonlySet<FlowStep> },
): readonly TracedStep[] {
  const own = group.map((step): TracedStep => ({ ...step, times: 1, guessed: guesses.has(step) }))
  const speaker = group.find(({ address }) => address !== null && address !== 'unknown')
  const read = discoveries.findLast(
    ({ address, at }) =>
      speaker !== undefined && address === speaker.address && at <= speaker.at && speaker.at - at <= WITHIN,
  )
  if (read === undefined) return own
  used.add(read)
  const before = own.findIndex(({ at }) => at >= read.at)
  return own.toSpliced(Math.max(before, 0), 0, { ...read, times: 1, guessed: true })
}

function toAttempt(steps: readonly TracedStep[], nameless: readonly FlowStep[], now: number): Attempt {
  const own = steps.filter(({ step }) => step !== 'discovery')
  const resources = own.flatMap(({ resource }) => resource ?? [])
  const last = own.at(-1)
  return {
    nameless: last?.step === 'code' ? (nameless.find((step) => isMeanwhile(last, step)) ?? null) : null,
    steps: counted(steps),
    clientId: clientOf(own),
    resource: resources.find((resource) => !resource.startsWith(CLAIMED)) ?? resources[0] ?? null,
    ...endOf(own, now),
  }
}

function endOf(steps: readonly FlowStep[], now: number): Pick<Attempt, 'state' | 'stoppedAt' | 'reason'> {
  const last = steps.at(-1)
  if (last === undefined || isDone(steps, 'first_call')) return { state: 'connected', stoppedAt: null, reason: null }
  if (last.outcome === 'refused') return { state: 'refused', stoppedAt: last.step, reason: last.reason }
  if (hasTokens(steps)) return { state: 'issued', stoppedAt: null, reason: null }
  const stoppedAt = last.outcome === 'asked' ? last.step : NEXT[last.step]
  return { state: now - last.at <= WITHIN ? 'waiting' : 'left', stoppedAt, reason: null }
}

/** What follows a step that was done. */
const NEXT: Readonly<Record<FlowStep['step'], FlowStep['step']>> = {
  discovery: 'registration',
  registration: 'authorize',
  authorize: 'sign_in',
  sign_in: 'consent',
  consent: 'code',
  code: 'token',
  assertion: 'first_call',
  token: 'first_call',
  first_call: 'first_call',
  exchange: 'exchange',
}

/** The same step again and again is one line. */
function counted(steps: readonly TracedStep[]): readonly TracedStep[] {
  const lines: TracedStep[] = []
  for (const step of steps) {
    const last = lines.at(-1)
    const same = last?.step === step.step && last.outcome === step.outcome && last.reason === step.reason
    if (last !== undefined && same) lines[lines.length - 1] = { ...last, times: last.times + 1 }
    else lines.push(step)
  }
  return lines
}
