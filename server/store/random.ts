/**
 * Fresh secrets from the runtime's cryptographic generator.
 *
 * @module
 */
import type { Random } from '../core/ports.ts'

export const random: Random = (bytes = 32) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64url')
