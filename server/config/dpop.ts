/**
 * Tokens that are bound to a key of the client's.
 *
 * @see RFC 9449
 * @module
 */
import * as v from 'valibot'
import { MAX_DPOP_TOLERANCE } from '../../shared/dpop/verify-proof.ts'
import { MINUTE } from './limits.ts'
import { choice, seconds, yesOrNo } from './setting.ts'

export const DpopConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether tokens are bound to the key of a client that proves one (DPoP). When off, clients and resources that need that get no tokens.',
    ),
    true,
  ),
  nonce: v.optional(
    choice(
      ['optional', 'required'],
      'Whether every proof needs a nonce of this server, which costs a client one more request now and then. Clients and resources can need one by themselves.',
    ),
    'optional',
  ),
  nonce_lifetime: v.optional(
    seconds(5, 60 * MINUTE, 'After how long there is a new nonce; the one before is accepted for as long again.'),
    MINUTE,
  ),
  tolerance: v.optional(
    seconds(5, MAX_DPOP_TOLERANCE, 'How far the time of a proof may be from ours.'),
    MAX_DPOP_TOLERANCE,
  ),
})
