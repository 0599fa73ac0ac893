/**
 * Which clients are agents, and which agents stood behind what the audit log tells.
 *
 * @see docs/adr/0203-agents.md
 * @module
 */
import type { Migration } from './migration.ts'

export const agents: Migration = {
  name: '0011-agents',

  async up({ schema }) {
    await schema
      .alterTable('clients')
      .addColumn('agent', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await schema.alterTable('audit').addColumn('agents', 'text').execute()
  },
}
