/**
 * Ids for clients.
 *
 * @see RFC 6749 section 2.2: unique, and no secret
 * @module
 */
import type { Random } from '../ports.ts'

/** 22 characters of base64url. The first is never a hyphen: command lines would take the id for an option. */
export const createClientId = (random: Random): string => random(16).replace(/^-/, '_')
