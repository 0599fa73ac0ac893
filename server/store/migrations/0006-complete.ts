/**
 * What the complete authorization server remembers. Each topic is a file of its own in `0006/`.
 *
 * @module
 */
import type { Migration } from './migration.ts'

export const complete: Migration = {
  name: '0006-complete',

  async up() {},
}
