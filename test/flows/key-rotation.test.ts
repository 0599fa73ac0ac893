/**
 * Keys change under load, on three replicas with one PostgreSQL and clocks that differ: every token verifies until it expires, for
 * clients that keep the key set for as long as its header allows and never ask out of turn.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { runOnce } from '../../server/background/run-jobs.ts'
import { backgroundJobs } from '../../server/background.ts'
import { keyLives } from '../../server/core/key-life-cycle.ts'
import { createKeyVault } from '../../server/store/key-vault.ts'
import { addKey } from '../../server/store/maintain-keys.ts'
import {
  createTestServer,
  ISSUER,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(120_000)

const START = 1_800_000_000
const HOUR = 3600
const postgres = usePostgres()
const opened: TestServer[] = []
afterAll(() => Promise.all(opened.map((server) => server.close())))

/** Seconds by which the replicas' clocks are wrong. */
const SKEWS = [0, 20, -20]

async function startReplicas(): Promise<readonly TestServer[]> {
  const config = { database: await postgres.createDatabase(), keys: { rotation_interval: HOUR } }
  for (const _ of SKEWS) opened.push(await createTestServer(config, { connections: 4 }))
  const replicas = opened.slice(-SKEWS.length)
  setTime(replicas, START)
  return replicas
}

function setTime(replicas: readonly TestServer[], now: number): void {
  for (const [index, { clock }] of replicas.entries()) clock.now = now + (SKEWS[index] ?? 0)
}

/** Every replica does what it does in the background; the leases decide which. */
async function runJobs(replicas: readonly TestServer[]): Promise<void> {
  for (const [index, { clock, failures, settings, store }] of replicas.entries()) {
    const now = (): number => clock.now
    const context = {
      leases: store.leases,
      holder: `replica ${index}`,
      now,
      onFailure: (e: unknown) => failures.push(e),
    }
    for (const job of backgroundJobs(settings, store, now)) await runOnce(job, context)
  }
}

/** A resource server that fetches the key set when its copy has become too old, and at no other time. */
function createVerifier(replicas: readonly TestServer[], phase: number) {
  let fetches = phase
  let copy: { readonly keys: ReturnType<typeof createLocalJWKSet>; readonly until: number } | undefined
  return async (token: string, now: number): Promise<void> => {
    // The first copy ends early, so that not all verifiers fetch in the same second.
    if (copy === undefined || copy.until <= now) {
      const replica = replicas[fetches++ % replicas.length]
      const response = await replica?.fetch('/.well-known/jwks.json')
      const maxAge = Number(/max-age=(\d+)/.exec(response?.headers.get('cache-control') ?? '')?.[1])
      const set: JSONWebKeySet = await response?.json()
      copy = { keys: createLocalJWKSet(set), until: now + (copy === undefined ? phase * 60 : maxAge) }
    }
    await jwtVerify(token, copy.keys, {
      issuer: ISSUER,
      audience: RESOURCE,
      typ: 'at+jwt',
      currentDate: new Date(now * 1000),
    })
  }
}

/** People with tokens to refresh, at the same time, each at another replica than before. */
const FAMILIES = 6

/** Small steps where a key takes over, larger ones elsewhere. */
const nextTime = (now: number): number =>
  now + ((now - START) % HOUR > HOUR - 450 || (now - START) % HOUR < 120 ? 9 : 50)

test('three keys in three hours: no token fails before it expires, for any of six clients', async () => {
  const replicas = await startReplicas()
  const verifiers = [1, 2, 3, 4, 5, 6].map((phase) => createVerifier(replicas, phase))
  const [first] = replicas
  if (first === undefined) throw new Error('no replica')
  const { client_id } = await registerClient(first)
  const families: { refreshToken: string }[] = []
  for (let index = 0; index < FAMILIES; index += 1) {
    families.push({ refreshToken: (await obtainTokens(first, client_id)).refresh_token })
  }

  interface Live {
    readonly token: string
    readonly expiresAt: number
    checkAt: number
  }
  let live: Live[] = []
  const failures: unknown[] = []
  let checks = 0
  const verify = async ({ token, expiresAt }: Live, now: number): Promise<void> => {
    for (const verifier of verifiers) {
      checks++
      await verifier(token, now).catch((error) =>
        failures.push({
          at: now - START,
          left: expiresAt - now,
          kid: decodeProtectedHeader(token).kid,
          error: `${error}`,
        }),
      )
    }
  }

  const signedWith = new Map<string, number>()
  const refresh = async (family: (typeof families)[number], replica: TestServer, now: number): Promise<void> => {
    const form = { grant_type: 'refresh_token', refresh_token: family.refreshToken, client_id, resource: RESOURCE }
    const response = await postForm(replica, '/oauth/token', form)
    expect(response.status).toBe(200)
    const { access_token: token, refresh_token } = await response.json()
    family.refreshToken = refresh_token
    const kid = decodeProtectedHeader(token).kid ?? ''
    signedWith.set(kid, (signedWith.get(kid) ?? 0) + 1)
    const fresh = { token, expiresAt: decodeJwt(token).exp ?? 0, checkAt: now + 450 }
    live.push(fresh)
    await verify(fresh, now)
  }

  let jobsAt = START
  let step = 0
  for (let now = START; now < START + 3 * HOUR + 600; now = nextTime(now)) {
    setTime(replicas, now)
    const isTime = now >= jobsAt
    if (isTime) jobsAt = now + 60
    step += 1
    // All at once: the keys change in the middle of it.
    await Promise.all([
      ...(isTime ? [runJobs(replicas)] : []),
      ...families.map(async (family, index) => {
        const replica = replicas[(step + index) % replicas.length]
        if (replica !== undefined) await refresh(family, replica, now)
      }),
    ])
    // Once in the middle of its life, and in the last step before its end.
    for (const held of live) {
      if (now < held.checkAt && nextTime(now) < held.expiresAt) continue
      await verify(held, now)
      held.checkAt = held.expiresAt
    }
    live = live.filter(({ expiresAt }) => expiresAt > nextTime(now))
  }
  expect(failures).toEqual([])
  expect(signedWith.size).toBe(4)
  expect(Math.min(...signedWith.values())).toBeGreaterThan(20)
  expect(checks).toBeGreaterThan(10_000)

  // Generations were made one by one, not by each replica.
  const keys = await first.store.signingKeys.list()
  expect(keys.map(({ generation }) => generation)).toEqual([1, 2, 3, 4])
  expect(replicas.flatMap((replica) => replica.failures)).toEqual([])

  // A day after they last signed they are gone, from the database and from what every replica publishes.
  setTime(replicas, START + 28 * HOUR)
  await runJobs(replicas)
  const left = keyLives(await first.store.signingKeys.list(), first.clock.now, 86_400)
  expect(left.map(({ state }) => state)).toEqual(['active', 'next'])
  for (const replica of replicas) {
    const { keys: published } = await (await replica.fetch('/.well-known/jwks.json')).json()
    expect(published.map(({ kid }: { kid: string }) => kid)).toEqual(left.map(({ key }) => key.kid))
  }
})

describe('a replica learns of a key', () => {
  test('that another one has made and signs with at once, from the first token that it does not know', async () => {
    const [one, two] = await startReplicas()
    if (one === undefined || two === undefined) throw new Error('no replicas')
    const { client_id } = await registerClient(one)
    const { refresh_token } = await obtainTokens(one, client_id)
    const before = await one.store.signingKeys.list()
    const vault = await createKeyVault(one.settings)
    const maker = { keys: one.store.signingKeys, vault, algorithm: 'ES256', now: () => one.clock.now } as const
    await two.fetch('/.well-known/jwks.json')
    const added = await addKey(maker, before, one.clock.now)

    // The one that signs has read its keys again; the other one has not, and is shown a token.
    one.clock.now += 10
    const form = { grant_type: 'refresh_token', refresh_token, client_id, resource: RESOURCE }
    const { access_token } = await (await postForm(one, '/oauth/token', form)).json()
    expect(decodeProtectedHeader(access_token).kid).toBe(added?.kid)
    two.clock.now += 1
    const revoked = await postForm(two, '/oauth/revoke', { token: access_token, client_id })
    expect(revoked.status).toBe(200)
    const { jti = '' } = decodeJwt(access_token)
    expect(await one.store.revokedTokens.has(jti)).toBe(true)
  })
})
