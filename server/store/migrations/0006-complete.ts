/**
 * What the complete authorization server remembers. Each topic is a file of its own in `0006/`.
 *
 * @module
 */
import { audit } from './0006/audit.ts'
import { clientAuth } from './0006/client-auth.ts'
import { clientDocuments } from './0006/client-documents.ts'
import { flows } from './0006/flows.ts'
import { grants } from './0006/grants.ts'
import { registrations } from './0006/registrations.ts'
import { resources } from './0006/resources.ts'
import { sharedLimits } from './0006/shared-limits.ts'
import type { Migration } from './migration.ts'

export const complete: Migration = {
  name: '0006-complete',

  async up(db) {
    await clientAuth(db)
    await grants(db)
    await registrations(db)
    await resources(db)
    await audit(db)
    await flows(db)
    await sharedLimits(db)
    await clientDocuments(db)
  },
}
