/**
 * The key for a new authorization, if its tokens are to be bound to one.
 *
 * @see RFC 9449 section 5
 * @module
 */
import type { ClientContext } from '../context.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import { chooseBinding } from './binding.ts'
import { newKey, type StoredKey } from './stored-key.ts'

/** A new key (or the one that is `given`), and whether tokens that are not bound to it are refused; `undefined`: Bearer. */
export async function newBinding(
  context: ClientContext,
  discovery: Discovery,
  given?: StoredKey,
): Promise<{ readonly key: StoredKey; readonly required: boolean } | undefined> {
  const binding = chooseBinding(context.dpop, discovery)
  // What was bound must not come back unbound.
  const required = given !== undefined || binding?.required === true
  const key = binding && (given ?? (await newKey(context.store, binding.alg)))
  if (key === undefined && required) throw new SallyportError('dpop_unavailable')
  return key && { key, required }
}
