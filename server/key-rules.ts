/**
 * What the settings say about the life of signing keys.
 *
 * @module
 */
import { LONGEST_ACCESS_TOKEN } from './config/limits.ts'
import type { Config } from './config.ts'
import type { KeyRules } from './core/key-life-cycle.ts'

/**
 * Any algorithm will do: replicas whose settings differ must not outbid each other; a start with another one makes a key. And not the
 * lifetime of tokens counts that is set now, but the longest that can have been set before.
 */
export const keyRules = ({ access_token, keys }: Pick<Config, 'access_token' | 'keys'>): KeyRules => ({
  algorithm: null,
  rotationInterval: keys.rotation_interval,
  longestToken: Math.max(LONGEST_ACCESS_TOKEN, access_token.lifetime),
})
