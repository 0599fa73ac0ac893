/**
 * The flow trace.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import type { Selectable } from 'kysely'
import type { FlowStep } from '../core/flow.ts'
import type { FlowLog } from '../core/ports.ts'
import type { Database, FlowStepRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

type NewRow = Omit<FlowStepRow, 'id'>

/** Steps that are read at once. */
const PAGE = 5000

export function createFlowLog(database: Database): FlowLog {
  const { db } = database
  const insert = statement((value: Parameter<NewRow>) =>
    db.insertInto('flow_steps').values({
      at: value('at'),
      step: value('step'),
      outcome: value('outcome'),
      reason: value('reason'),
      client_id: value('client_id'),
      resource: value('resource'),
      attempt: value('attempt'),
      grant_id: value('grant_id'),
      address: value('address'),
      request_id: value('request_id'),
    }),
  )
  const page = statement((value: Parameter<{ id: number }>) =>
    db.selectFrom('flow_steps').selectAll().where('id', '<', value('id')).orderBy('id', 'desc').limit(PAGE),
  )

  return {
    async append(steps) {
      const [first, ...others] = steps.map((step) => insert(toRow(step)))
      if (first !== undefined) await database.runGuarded(first, others)
    },

    async since(at) {
      const found: Selectable<FlowStepRow>[] = []
      for (let id = Number.MAX_SAFE_INTEGER; ; ) {
        const { rows } = await database.run(page({ id }))
        found.push(...rows.filter((row) => row.at >= at))
        const last = rows.at(-1)
        if (last === undefined || rows.length < PAGE || last.at < at) return found.reverse().map(toStep)
        id = last.id
      }
    },
  }
}

const toRow = (step: FlowStep): NewRow => ({
  at: step.at,
  step: step.step,
  outcome: step.outcome,
  reason: step.reason,
  client_id: step.clientId,
  resource: step.resource,
  attempt: step.attempt,
  grant_id: step.grantId,
  address: step.address,
  request_id: step.requestId,
})

const toStep = (row: Omit<FlowStepRow, 'id'>): FlowStep => ({
  at: row.at,
  step: row.step,
  outcome: row.outcome,
  reason: row.reason,
  clientId: row.client_id,
  resource: row.resource,
  attempt: row.attempt,
  grantId: row.grant_id,
  address: row.address,
  requestId: row.request_id,
})
