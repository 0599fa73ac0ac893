/**
 * Writes down what is refused before the core has seen it: what cannot be read, is too much, or comes too often; and what failed here. Otherwise an operator would
 * look for a request that never came.
 *
 * @see docs/adr/0124-refused-before-the-core.md
 * @module
 */
import { type Audit, auditEntry } from '../core/audit.ts'
import { claimsOf } from '../core/claimed.ts'
import type { Clock } from '../core/ports.ts'
import type { OnRefused } from './errors.ts'
import { originOf } from './origin.ts'
import { pathOf } from './path-of.ts'

type Refusal = 'token_rejected' | 'revocation_rejected' | 'introspection_rejected' | 'registration_rejected'

const EVENTS: ReadonlyMap<string, Refusal> = new Map([
  ['/oauth/token', 'token_rejected'],
  ['/oauth/revoke', 'revocation_rejected'],
  ['/oauth/introspect', 'introspection_rejected'],
  ['/oauth/register', 'registration_rejected'],
])

export function refusals({ audit, now }: { readonly audit: Audit; readonly now: Clock }): OnRefused {
  return (request, reason, said) => {
    const type = EVENTS.get(pathOf(request))
    if (type === undefined) return
    const claimed = claimsOf(said, request.headers.get('authorization'))
    audit({ ...auditEntry({ type, reason }, { now, ...originOf(request) }), claimed })
  }
}
