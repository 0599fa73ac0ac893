/**
 * Whole lives of grants, in any order and with anything wrong: authorize, redeem, refresh, introspect, revoke, withdraw, and time that
 * passes. A model knows what was granted and what must never happen after it.
 *
 * @see RFC 6749 section 4.1.2: a code is used once
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): rotation, and the end of a family
 * @see RFC 7009 section 2
 * @see RFC 7662 section 2.2
 * @module
 */
import { afterAll, describe } from 'bun:test'
import { createLives } from './lives.ts'
import { fuzz } from './runs.ts'
import { steps } from './steps.ts'

const lives = await createLives()
afterAll(() => lives.close())

describe('one success for a code, none for what ended, and never more than was granted', () => {
  fuzz('in any order', 30, steps, async (all) => {
    const life = lives.begin()
    for (const step of all) await life.take(step)
    await life.expectNothingOutlives()
  })
})
