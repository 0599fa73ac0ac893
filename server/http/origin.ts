/**
 * What the core is told of where a request came from.
 *
 * @module
 */
import type { Origin } from '../core/dependencies.ts'
import { clientAddress } from './client-address.ts'
import { requestIdOf } from './request-id.ts'

export const originOf = (request: Request): Origin => ({
  requestId: requestIdOf(request),
  from: () => clientAddress(request),
})
