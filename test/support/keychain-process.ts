/**
 * A program that uses the operating system's keychain, on any runtime: `test/support/keychain-process.ts DIRECTORY TIMEOUT [FALLBACK]`. Prints how
 * that went.
 *
 * @module
 */
import process from 'node:process'
import { memoryStore, SallyportError } from '../../client/index.ts'
import { keychainStore } from '../../client/keychain/index.ts'
import { storeConformance } from '../../client/stores/conformance.ts'

const [directory = '', timeout = '30', fallback] = process.argv.slice(2)
const open = () =>
  keychainStore({
    directory,
    timeout: Number(timeout),
    lease: { poll: 2 },
    ...(fallback !== undefined && { fallback: memoryStore() }),
  })

/** Node waits for a native call that hangs, also in `process.exit`. */
const end = (outcome: object): void => {
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.kill(process.pid, 'SIGKILL'))
}

try {
  const store = open()
  const before = await store.get('credential:x')
  await store.set('credential:x', { generation: String(Number(before?.generation ?? 0) + 1) })
  const failures: string[] = []
  for (const { name, run } of fallback === undefined ? storeConformance : []) {
    await run(open).catch((error) => failures.push(`${name}: ${error}`))
  }
  end({ generation: (await store.get('credential:x'))?.generation, failures })
} catch (error) {
  if (!(error instanceof SallyportError)) throw error
  end({ code: error.code, because: String(Object(error.cause).message) })
}
