/**
 * Check 8: `prompt` is consistent. Values without a meaning here are ignored.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.1
 * @module
 */
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'
import type { Prompt } from './request.ts'

const KNOWN: readonly Prompt[] = ['none', 'login', 'consent']

export function checkPrompt(prompt: string | undefined): Result<readonly Prompt[], Rejection> {
  const values = (prompt ?? '').split(' ').filter((value) => value !== '')
  if (values.includes('none') && values.length > 1) return reject('malformed_prompt')
  return ok(KNOWN.filter((known) => values.includes(known)))
}
