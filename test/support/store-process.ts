/**
 * A process that opens a store when it is told to, and says so; for tests that need several.
 *
 * @module
 */
import { openStore } from '../../server/store/open-store.ts'

const [database = ''] = process.argv.slice(2)
console.log('ready')
for await (const _ of process.stdin) break
const store = await openStore({ database, connections: 1 })
await store.ping()
await store.close()
console.log('opened')
