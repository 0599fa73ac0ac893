/**
 * Fresh secrets from the runtime's cryptographic generator.
 *
 * @module
 */
import { base64url } from 'jose'
import type { Random } from '../core/ports.ts'

export const random: Random = (bytes = 32) => base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
