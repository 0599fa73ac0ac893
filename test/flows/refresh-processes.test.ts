/**
 * A dozen hosts on three runtimes, one machine, one credential that has expired, one server that rotates and takes a second use for a theft.
 *
 * `SALLYPORT_REFRESH_ROUNDS=100` repeats it (`bun run test:refresh`).
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): refresh token rotation
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStore } from '../../client/node/index.ts'
import { callTool } from '../support/mcp-call.ts'
import { type Crowd, createCrowd, type Host, type Outcome, type Trouble } from '../support/refresh-crowd.ts'

const ROUNDS = Number(process.env['SALLYPORT_REFRESH_ROUNDS'] ?? 2)
const HOSTS = 12
/** Where it is not about how many there are. */
const FEW = 3
const YESTERDAY = Date.now() / 1000 - 86_400

setDefaultTimeout(60_000 + ROUNDS * 30_000)

let crowd: Crowd
beforeAll(async () => {
  crowd = await createCrowd()
})
afterAll(() => crowd?.close())

const ends = (hosts: readonly Host[]): Promise<readonly (Outcome | undefined)[]> =>
  Promise.all(hosts.map(({ outcome }) => outcome))

const succeeded = (outcomes: readonly (Outcome | undefined)[]): number =>
  outcomes.filter((outcome) => outcome?.status === 200).length

describe('R1 C-106 one refresh for the machine', () => {
  test(`R1 ${HOSTS} processes on Bun, Deno and Node: 1 redemption, ${HOSTS} successes, ${ROUNDS} times`, async () => {
    const rounds: { redemptions: number; successes: number }[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { directory } = await crowd.signIn()
      const before = crowd.redemptions().length
      const outcomes = await ends(crowd.summon(directory, HOSTS))
      rounds.push({ redemptions: crowd.redemptions().length - before, successes: succeeded(outcomes) })
      if (ROUNDS > 10 && round % 10 === 0) console.log(`${round} rounds`)
    }
    expect(rounds).toEqual(rounds.map(() => ({ redemptions: 1, successes: HOSTS })))
    expect(rounds).toHaveLength(ROUNDS)
  })
})

/** Trouble for the refresh requests that come first, in order; `undefined` and everybody later is served. */
const first = (...troubles: readonly (Trouble | undefined)[]): Trouble => {
  let served = 0
  return (name, go) => {
    const trouble = troubles[served]
    served += 1
    return trouble === undefined ? go() : trouble(name, go)
  }
}

const hostOf = (hosts: readonly Host[], name: string): Host => {
  const host = hosts.find((one) => one.name === name)
  if (host === undefined) throw new Error(`${name} is no host`)
  return host
}

describe('one of them is killed while it holds the lock', () => {
  /** For how many milliseconds the others waited. */
  async function killOne(): Promise<number> {
    const { directory } = await crowd.signIn()
    const before = crowd.redemptions().length
    const moments: number[] = []
    crowd.state.trouble = first(
      async (name) => {
        hostOf(hosts, name).kill('SIGKILL')
        moments.push(performance.now())
        return 'reset'
      },
      (_name, go) => {
        moments.push(performance.now())
        return go()
      },
    )
    const hosts = crowd.summon(directory, HOSTS)
    const outcomes = await ends(hosts)
    crowd.state.trouble = undefined
    const [killed = 0, next = Number.NaN] = moments
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1)
    expect(succeeded(outcomes)).toBe(HOSTS - 1)
    expect(crowd.redemptions()).toHaveLength(before + 1)
    return next - killed
  }

  test('R1 SIGKILL: the others go on within 5 s', async () => {
    const waited = [await killOne()]
    // What a busy machine did to them it does not do three times.
    while (waited.length < 3 && Math.min(...waited) >= 5000) waited.push(await killOne())
    expect(Math.min(...waited)).toBeLessThan(5000)
  })

  test('R1 a host that comes long after the crash waits for nobody', async () => {
    const { directory, stored } = await crowd.signIn()
    const before = await stored()
    crowd.state.trouble = first(async (name) => {
      hostOf(hosts, name).kill('SIGKILL')
      return 'reset'
    })
    const hosts = crowd.summon(directory, 1)
    expect(await ends(hosts)).toEqual([undefined])
    crowd.state.trouble = undefined
    expect(await stored()).toEqual(before)
    // The crash was yesterday.
    for (const name of await readdir(directory)) await utimes(join(directory, name), YESTERDAY, YESTERDAY)
    const store = fileStore({ directory, lease: { wait: 1000 } })
    expect((await callTool(crowd.flow.session({ store }).fetch, crowd.flow.resource, 'greet')).status).toBe(200)
  })
})

describe('R2 the server is in trouble: nobody is signed out, nothing is deleted, and all of them get through', () => {
  const html = async () =>
    new Response('<h1>Bad Gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
  const page = async () => new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } })
  const troubles: readonly [string, number, Trouble, number][] = [
    // The requests that it takes beside the one that goes well: one, however many are waiting; two where an answer may be lost.
    ['500', 3, async () => Response.json({ error: 'server_error' }, { status: 500 }), 1],
    ['429 with Retry-After', 3, async () => new Response(null, { status: 429, headers: { 'retry-after': '2' } }), 1],
    ['502 as HTML', 3, html, 1],
    ['200 as HTML', 3, page, 2],
    ['a connection that breaks after the request has arrived', 0, async () => 'reset', 1],
    ['a connection that breaks twice', 3, async () => 'reset', 2],
  ]
  test.each(troubles)('R2 %s', async (_name, patience, trouble, times) => {
    const { directory, stored } = await crowd.signIn()
    const original = await stored()
    const before = crowd.redemptions().length
    const seen: unknown[] = []
    const watched: Trouble = async (name, go) => {
      seen.push(await stored())
      return trouble(name, go)
    }
    let asked = 0
    const script = first(...Array.from({ length: times }, () => watched))
    crowd.state.trouble = (name, go) => {
      asked += 1
      return script(name, go)
    }
    const outcomes = await ends(crowd.summon(directory, FEW, { patience }))
    crowd.state.trouble = undefined
    expect(outcomes.filter((outcome) => outcome?.status !== 200)).toEqual([])
    expect(seen).toEqual(Array.from({ length: times }, () => original))
    // The one that goes well is sent twice, since the server wants a nonce.
    expect(asked).toBe(times + 2)
    expect(crowd.redemptions()).toHaveLength(before + 1)
  })
})

describe('the answer is lost after the token was rotated', () => {
  const lost: Trouble = async (_name, go) => {
    await go()
    return 'reset'
  }

  test('R2 a server with a replay window: nobody is signed out', async () => {
    const lenient = await createCrowd({ replayWindow: 60 })
    try {
      const { directory } = await lenient.signIn()
      lenient.state.trouble = first(undefined, lost)
      const outcomes = await ends(lenient.summon(directory, FEW))
      expect(outcomes.filter((outcome) => outcome?.status !== 200)).toEqual([])
      expect(lenient.redemptions()).toHaveLength(2)
    } finally {
      await lenient.close()
    }
  })

  test('R2 one without says that the token was used: now, and not before, a person is asked', async () => {
    const { directory, stored } = await crowd.signIn()
    const seen: boolean[] = []
    crowd.state.trouble = first(undefined, lost, async (_name, go) => {
      seen.push((await stored()) !== undefined)
      return go()
    })
    const outcomes = await ends(crowd.summon(directory, FEW))
    crowd.state.trouble = undefined
    expect(seen).toEqual([true])
    expect(outcomes.map((outcome) => outcome?.code)).toEqual(outcomes.map(() => 'authorization_required'))
    expect(outcomes.map((outcome) => outcome?.reason).sort()).toEqual(['refresh_rejected', 'signed_out', 'signed_out'])
    expect(await stored()).toBeUndefined()
  })
})

describe('R3 one of them is stopped for longer than its lease', () => {
  test('R3 SIGSTOP, an answer in its hands: it writes over nobody, and adopts what is stored', async () => {
    const lenient = await createCrowd({ replayWindow: 60 })
    try {
      const { directory, stored } = await lenient.signIn()
      const lease = { heartbeat: 100, stale: 1500, stopped: 3000 }
      const kept: unknown[] = []
      lenient.state.trouble = first(undefined, async (name, go) => {
        const answer = await go()
        const stopped = hostOf(hosts, name)
        stopped.kill('SIGSTOP')
        await Promise.all(hosts.filter((host) => host !== stopped).map(({ outcome }) => outcome))
        kept.push(await stored())
        stopped.kill('SIGCONT')
        return answer
      })
      const hosts = lenient.summon(directory, FEW, { lease })
      expect(succeeded(await ends(hosts))).toBe(FEW)
      expect(lenient.redemptions()).toHaveLength(2)
      expect<unknown>(await stored()).toEqual(kept[0])
    } finally {
      await lenient.close()
    }
  })
})
