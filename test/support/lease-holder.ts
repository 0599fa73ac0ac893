/**
 * A process of its own that counts under the lock of a file store: `test/support/lease-holder.ts DIRECTORY ROUNDS`, on any runtime.
 *
 * @module
 */
import process from 'node:process'
import { fileStore } from '../../client/node/index.ts'

const [directory = '', rounds = '0'] = process.argv.slice(2)
const store = fileStore({ directory, lease: { poll: 1 } })
for (let round = 0; round < Number(rounds); round += 1) {
  await store.lock('credential:counter', async () => {
    const count = Number((await store.get('credential:counter'))?.['count'] ?? 0)
    await store.set('credential:counter', { generation: String(count + 1), count: count + 1 })
  })
}
