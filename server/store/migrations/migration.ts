/**
 * One step of the schema. Steps are only ever added.
 *
 * @module
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../schema.ts'

export interface Migration {
  /** Four digits and a few words; steps run in the order of their names. */
  readonly name: string
  /** Runs in the transaction that all pending steps share. */
  up(db: Transaction<Tables>): Promise<void>
}
