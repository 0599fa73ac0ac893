/**
 * The server is killed with SIGKILL in the middle of its work, again and again, and started again. Whatever it said yes to is so.
 *
 * `SALLYPORT_FAULT_ROUNDS` (default 3) and `SALLYPORT_FAULT_SEED` (default: random, printed) choose what happens.
 *
 * @see docs/adr/0080-faults-are-provoked.md
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createPerson } from '../support/person.ts'
import { usePostgres } from '../support/postgres.ts'
import {
  childrenOf,
  type Installation,
  install,
  isRunning,
  startServerProcess,
  until,
} from '../support/server-process.ts'
import { chance } from './chance.ts'
import { foundations, type Row } from './database.ts'
import { emptyLedger, type Ledger } from './ledger.ts'
import { run, signIn } from './load.ts'
import { findBrokenPromises } from './verify.ts'

const ROUNDS = Number(process.env['SALLYPORT_FAULT_ROUNDS'] ?? 3)
const SEED = Number(process.env['SALLYPORT_FAULT_SEED'] ?? Math.floor(Math.random() * 1e9))

setDefaultTimeout(60_000 + ROUNDS * 30_000)

const postgres = usePostgres()
const installations: Installation[] = []
afterAll(async () => {
  for (const installation of installations) await installation.remove()
})

/** Windows that outlast a slow machine: what is in question is what is stored, not when it expires. */
const CONFIG = {
  shutdown: { drain: 0 },
  code: { lifetime: 600 },
  refresh: { replay_window: 300 },
  access_token: { lifetime: 86_400 },
  // In fifty rounds one address does more than anybody should.
  rate_limits: { register: { per_address: 0 }, token: { per_address: 0, failures: 0 } },
}

describe.each([
  ['SQLite', ROUNDS, [] as readonly string[], async () => install(CONFIG)],
  ['SQLite, two workers', Math.ceil(ROUNDS / 3), ['--workers', '2'], async () => install(CONFIG)],
  ['PostgreSQL', ROUNDS, [], async () => install({ ...CONFIG, database: await postgres.createDatabase() })],
] as const)('%s', (engine, rounds, flags, prepare) => {
  test(`${rounds} times killed under load, nothing acknowledged is lost or doubled`, async () => {
    console.log(`${engine}: SALLYPORT_FAULT_SEED=${SEED} SALLYPORT_FAULT_ROUNDS=${ROUNDS}`)
    const installation = await prepare()
    installations.push(installation)
    const ledger = emptyLedger()
    let keys: readonly Row[] | null = null
    for (let round = 1; round <= rounds; round += 1) {
      const broken = await killOnce(installation, flags, ledger, SEED + round)
      expect({ engine, round, seed: SEED, broken }).toEqual({ engine, round, seed: SEED, broken: [] })
      keys ??= await foundations(installation.database)
      expect(await foundations(installation.database)).toEqual(keys)
    }
    console.log(`${engine}: ${ledger.acknowledged} acknowledged writes, none lost, none doubled`)
    expect(ledger.acknowledged).toBeGreaterThan(rounds * 5)
  })
})

async function killOnce(
  installation: Installation,
  flags: readonly string[],
  ledger: Ledger,
  seed: number,
): Promise<readonly string[]> {
  const { issuer, database } = installation
  const random = chance(seed)
  const server = await startServerProcess(installation, { flags })
  const processes = [server.pid, ...(await childrenOf(server.pid))]
  const person = createPerson(server)
  const killAt = ledger.acknowledged + random.whole(10, 250)
  const delay = random.next() * 5
  let over = false
  const kill = (): void => {
    over = true
    for (const pid of processes.filter(isRunning)) process.kill(pid, 'SIGKILL')
  }
  try {
    await signIn({ server, issuer, person })
    await run({
      server,
      issuer,
      ledger,
      chance: random,
      person,
      over: () => over,
      onAcknowledged() {
        if (ledger.acknowledged === killAt) setTimeout(kill, delay)
      },
    })
  } finally {
    kill()
    await server.exited
    await until(async () => !processes.some(isRunning))
  }

  const again = await startServerProcess(installation, { flags })
  try {
    return await findBrokenPromises({
      server: again,
      issuer,
      database,
      ledger,
      chance: random,
      person,
      sample: 40,
    })
  } finally {
    again.kill('SIGTERM')
    await again.exited
  }
}
