/**
 * Which clients can keep a secret or a key: those that must prove who they are.
 *
 * @see RFC 6749 section 2.1
 * @module
 */
import type { Client } from '../records.ts'

/** A client that may also come without a proof is public. */
export const isConfidential = ({ authMethods }: Pick<Client, 'authMethods'>): boolean => !authMethods.includes('none')
