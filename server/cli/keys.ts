/**
 * `sallyport keys`: the signing keys.
 *
 * @module
 */
import type { Command } from 'commander'
import { err, ok, type Result } from '../../shared/result.ts'
import { type KeyAdministration, listKeys, retireKey, rotateKeys } from '../admin/keys.ts'
import { existingDevSecret } from '../config/load.ts'
import { type Problem, refusal } from '../config/problem.ts'
import type { Config } from '../config.ts'
import { systemClock } from '../create-server.ts'
import { keyRules } from '../key-rules.ts'
import { createKeyVault } from '../store/key-vault.ts'
import { addKey } from '../store/maintain-keys.ts'
import type { OpenStore } from '../store/open-store.ts'
import { command, group, runWithStore } from './command.ts'

export function addKeyCommands(program: Command): void {
  const keys = group(program, 'keys', 'What access tokens are signed with.')
  command(keys, 'list', 'Lists them: which signs, which is next, which is only verified with.').action(
    (_: object, self: Command) => runWithStore(self, (store, config) => listKeys(administration(store, config))),
  )
  command(keys, 'rotate', 'Makes the next key; it signs as soon as every cache has it. Needs the secret.')
    .option('--now', 'It signs at once: for a key that has leaked. Some tokens may be refused for minutes.')
    .action(({ now }: { now?: true }, self: Command) =>
      runWithStore(self, async (store, config) => {
        const secret = await secretOf(config)
        if (!secret.ok) return secret
        return rotateKeys(administration(store, { ...config, secret: secret.value }), now === true)
      }),
    )
  command(keys, 'retire <kid>', 'Deletes a key that does not sign. The tokens that it signed are dead.').action(
    (kid: string, _: object, self: Command) =>
      runWithStore(self, (store, config) => retireKey(administration(store, config), kid)),
  )
}

const administration = ({ signingKeys }: OpenStore, config: Config): KeyAdministration => ({
  list: () => signingKeys.list(),
  async add(listed, signsFrom) {
    const stored = await signingKeys.list()
    if (stored.at(-1)?.generation !== listed.at(-1)?.generation) return null
    const { secret = '', previous_secret: previousSecret, access_token } = config
    const vault = await createKeyVault({ secret, previousSecret })
    const maker = { keys: signingKeys, vault, algorithm: access_token.algorithm, now: systemClock }
    return addKey(maker, stored, signsFrom)
  },
  remove: (kid, now) => signingKeys.remove(kid, now),
  longestToken: keyRules(config).longestToken,
  now: systemClock,
})

/** As the server finds it; a development server has made one. */
async function secretOf({ secret, dev }: Config): Promise<Result<string, Problem>> {
  const found = secret ?? (dev ? await existingDevSecret() : undefined)
  if (found !== undefined) return ok(found)
  return err(refusal('secret is not set: new keys are encrypted with the secret of the server (SALLYPORT_SECRET).'))
}
