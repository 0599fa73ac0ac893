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

/** A new key, and whether tokens that are not bound to it are refused; `undefined`: Bearer. */
export async function newBinding(
  context: ClientContext,
  discovery: Discovery,
): Promise<{ readonly key: StoredKey; readonly required: boolean } | undefined> {
  const binding = chooseBinding(context.dpop, discovery)
  const key = binding && (await newKey(context.store, binding.alg))
  if (key === undefined && binding?.required === true) throw new SallyportError('dpop_unavailable')
  return key && { key, required: binding?.required === true }
}
