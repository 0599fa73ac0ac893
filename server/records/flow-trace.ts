/**
 * Writes the flow trace: each step of an attempt once, behind the requests, and not more than so many in a minute.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { CLAIMED } from '../core/claimed.ts'
import type { FlowStep, Noted } from '../core/flow.ts'
import type { FlowLog } from '../core/ports.ts'
import { toFlowStep } from './flow-step.ts'
import { writeBehind } from './write-behind.ts'

export interface FlowTrace {
  note(noted: Noted): void
  /** Writes what waits. */
  close(): Promise<void>
}

/** In a minute. What is beyond is left out. */
const MOST = { ofKind: 20, ofKindInAttempts: 200, ofAll: 2000 }

export function createFlowTrace(log: Pick<FlowLog, 'append'>, onFailure: (error: unknown) => void): FlowTrace {
  const behind = writeBehind<FlowStep>({ write: log.append, most: MOST.ofAll, onFailure })
  let minute = 0
  let all = 0
  const seen = new Set<string>()
  const kinds = new Map<string, number>()

  /** Refusals are as many as somebody likes to send, and so are the attempts that they say they belong to; those of one kind look the same. */
  function isWanted(step: FlowStep): boolean {
    const now = Math.floor(step.at / 60)
    if (now !== minute) {
      minute = now
      all = 0
      seen.clear()
      kinds.clear()
    }
    const { attempt, grantId, clientId, address } = step
    const kind = `${step.step} ${step.outcome} ${step.reason}`
    // Of one grant several servers may exchange, and what one issuer says several clients may bring.
    const isOneClients = step.step !== 'exchange' && step.step !== 'assertion'
    const isNamed = isOneClients && (attempt !== null || grantId !== null)
    const key = `${kind} ${attempt} ${grantId} ${isNamed ? '' : `${clientId} ${address}`}`
    if (all >= MOST.ofAll || seen.has(key)) return false
    if (step.outcome === 'refused') {
      // Whoever only writes the name of an issuer takes nothing of what is there for those whom it vouches for.
      const inAttempt = grantId !== null || (attempt !== null && !attempt.startsWith(CLAIMED))
      const name = `${kind} ${inAttempt}`
      const ofKind = kinds.get(name) ?? 0
      if (ofKind >= (inAttempt ? MOST.ofKindInAttempts : MOST.ofKind)) return false
      kinds.set(name, ofKind + 1)
    }
    seen.add(key)
    all += 1
    return true
  }

  return {
    note(noted) {
      const step = toFlowStep(noted)
      if (step !== null && isWanted(step)) behind.add(step)
    },
    close: behind.flush,
  }
}
