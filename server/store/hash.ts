/**
 * What is stored of a secret: base64url(SHA-256). No salt and no stretching, because it is for secrets of full entropy.
 *
 * @module
 */
import { base64url } from 'jose'
import type { Hash } from '../core/ports.ts'

export const hash: Hash = async (text) =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
