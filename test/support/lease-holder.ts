/**
 * A process of its own that counts under the lock of a file store: `bun test/support/lease-holder.ts DIRECTORY ROUNDS`.
 *
 * @module
 */
import { fileStore } from '../../client/node/index.ts'

const [directory = '', rounds = '0'] = process.argv.slice(2)
const store = fileStore({ directory, lease: { poll: 1 } })
for (let round = 0; round < Number(rounds); round += 1) {
  await store.lock('credential:counter', async () => {
    const count = Number((await store.get('credential:counter'))?.['count'] ?? 0)
    await store.set('credential:counter', { generation: String(count + 1), count: count + 1 })
  })
}
