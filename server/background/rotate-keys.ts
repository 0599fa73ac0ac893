/**
 * The job that makes the next signing key in time, and deletes those that have served.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import type { Settings } from '../config.ts'
import type { Clock } from '../core/ports.ts'
import { keyRules } from '../key-rules.ts'
import { createKeyVault } from '../store/key-vault.ts'
import { maintainKeys } from '../store/maintain-keys.ts'
import type { SigningKeys } from '../store/signing-keys.ts'
import type { Job } from './run-jobs.ts'

export const rotateKeysJob = (settings: Settings, keys: SigningKeys, now: Clock): Job => ({
  name: 'keys',
  every: 60,
  async run() {
    const { secret, previous_secret: previousSecret, access_token } = settings
    const vault = await createKeyVault({ secret, previousSecret })
    await maintainKeys({ keys, vault, algorithm: access_token.algorithm, now }, keyRules(settings))
  },
})
