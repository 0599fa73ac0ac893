/**
 * What the `flows` port promises.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { FlowStep } from '../../core/flow.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW } from './records.ts'

const step = (changes: Partial<FlowStep> = {}): FlowStep => ({
  at: NOW,
  step: 'authorize',
  outcome: 'refused',
  reason: 'unknown_client',
  clientId: 'client-1',
  resource: null,
  attempt: 'E9Melhoa2OwvFrEMTJguCH',
  grantId: null,
  address: '192.0.2.1',
  requestId: 'request-1',
  ...changes,
})

export const flowCases: readonly ConformanceCase[] = [
  {
    name: 'flows.append keeps steps in their order, and since gives the later ones',
    async run({ flows }) {
      await flows.append([])
      deepEqual(await flows.since(0), [])
      const steps = [step({ at: NOW - 2 }), step({ at: NOW - 1, step: 'token', address: null }), step()]
      await flows.append(steps.slice(0, 2))
      await flows.append(steps.slice(2))
      deepEqual(await flows.since(0), steps)
      deepEqual(await flows.since(NOW - 1), steps.slice(1))
      deepEqual(await flows.since(NOW + 1), [])
    },
  },
  {
    name: 'flows.append adds all or none',
    async run({ flows }) {
      await rejects(flows.append([step(), step({ at: Number.NaN })]))
      deepEqual(await flows.since(0), [])
    },
  },
  {
    name: 'purge deletes steps that are older than they have to be kept',
    async run({ flows, purge }) {
      await flows.append([3, 2, 1].map((age) => step({ at: NOW - age })))
      equal(await purge(NOW, 500, {}), 0)
      equal(await purge(NOW, 1, { flows: 1 }), 1)
      equal(await purge(NOW, 500, { flows: 1 }), 1)
      equal(await purge(NOW, 500, { flows: 1 }), 0)
      deepEqual(await flows.since(0), [step({ at: NOW - 1 })])
    },
  },
]
