/**
 * Fresh secrets from the runtime's cryptographic generator.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { Random } from '../core/ports.ts'

export const random: Random = (bytes = 32) => randomBytes(bytes).toString('base64url')
