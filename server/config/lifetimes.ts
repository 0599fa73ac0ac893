/**
 * How long codes, tokens, keys and sessions live.
 *
 * @module
 */
import * as v from 'valibot'
import { DAY, LONGEST_ACCESS_TOKEN, MINUTE } from './limits.ts'
import { choice, seconds } from './setting.ts'

export const CodeConfig = v.strictObject({
  lifetime: v.optional(seconds(1, 10 * MINUTE, 'How long an authorization code can be redeemed.'), MINUTE),
})

export const AccessTokenConfig = v.strictObject({
  lifetime: v.optional(
    seconds(1, LONGEST_ACCESS_TOKEN, 'How long an access token is valid. Hosts refresh up to five minutes early.'),
    15 * MINUTE,
  ),
  algorithm: v.optional(choice(['ES256', 'RS256'], 'What access tokens are signed with.'), 'ES256'),
})

export const KeysConfig = v.strictObject({
  rotation_interval: v.optional(
    seconds(
      0,
      3650 * DAY,
      'How long a signing key signs before the next one takes over by itself, an hour at least; 0: until `sallyport keys rotate`.',
    ),
    30 * DAY,
  ),
})

export const RefreshConfig = v.strictObject({
  replay_window: v.optional(
    seconds(
      0,
      5 * MINUTE,
      'How long a refresh token that was just used still gets its successor once more, for lost answers and racing processes; 0: never.',
    ),
    10,
  ),
  idle_lifetime: v.optional(seconds(1, 3650 * DAY, 'How long a refresh token can go unused.'), 30 * DAY),
  absolute_lifetime: v.optional(
    seconds(1, 3650 * DAY, 'How long after consent refreshing ends and the person must sign in again.'),
    90 * DAY,
  ),
})

export const SessionConfig = v.strictObject({
  lifetime: v.optional(seconds(1, 365 * DAY, 'How long a browser stays signed in.'), DAY),
})
