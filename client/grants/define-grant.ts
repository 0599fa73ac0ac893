/**
 * Grants, those of this package and a host's own.
 *
 * @see docs/adr/0150-grants-are-handed-in.md
 * @module
 */
import { grantMachinery } from '../session/by-grant.ts'
import type { GrantDefinition, GrantType } from './grant-type.ts'

/**
 * Makes a grant for `createSession`.
 *
 * @example createSession(url, { grant: defineGrant({ name: 'urn:example:badge', unattended: true, obtain }) })
 */
export const defineGrant = (definition: GrantDefinition): GrantType => ({ ...definition, machinery: grantMachinery })
