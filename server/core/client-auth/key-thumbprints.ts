/**
 * What tells one set of keys from another, whatever their order and their names.
 *
 * @see RFC 7638 section 3
 * @module
 */

import type { JWK } from 'jose'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'

export const keyThumbprints = async ({ keys }: { readonly keys: readonly JWK[] }): Promise<readonly string[]> =>
  (await Promise.all(keys.map((key) => calculateJwkThumbprint(key)))).sort()
