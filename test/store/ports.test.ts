/**
 * Every port has cases, every verb of the store is called by some, and what is no store passes its own.
 *
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../server/create-server.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import {
  type ConformanceCase,
  clockCases,
  hashCases,
  loginCases,
  ordinalCases,
  randomCases,
  sealerCases,
  signerCases,
  storeConformance,
} from '../../server/store/conformance/index.ts'
import { NOW, user } from '../../server/store/conformance/records.ts'
import { hash } from '../../server/store/hash.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { ordinal } from '../../server/store/ordinal.ts'
import { random } from '../../server/store/random.ts'
import { sealer } from '../../server/store/sealer.ts'
import { createSigner } from '../../server/store/signer.ts'
import { ROOT } from '../support/source-tree.ts'

// A name that nobody has costs as much as a real password does.
setDefaultTimeout(60_000)

function passes<Subject>(
  port: string,
  cases: readonly ConformanceCase<Subject>[],
  withSubject: (run: (subject: Subject) => Promise<void>) => Promise<void>,
): void {
  describe(port, () => {
    for (const { name, run } of cases) test(name, () => withSubject(run))
  })
}

const withStore = async (use: (store: OpenStore) => Promise<void>): Promise<void> => {
  const store = await openStore({ database: 'sqlite::memory:' })
  await use(store).finally(store.close)
}

passes('clock', clockCases, (run) => run(systemClock))
passes('random', randomCases, (run) => run(random))
passes('ordinal', ordinalCases, (run) => run(ordinal))
passes('hash', hashCases, (run) => run(hash))
passes('sealer', sealerCases, (run) => run(sealer))
for (const algorithm of ['ES256', 'RS256'] as const) {
  passes(`signer, ${algorithm}`, signerCases, (run) =>
    withStore(async ({ signingKeys: keys }) => {
      const secret = 'a secret of this test only, 32 bytes and more'
      await run(await createSigner({ keys, secret, algorithm, now: () => NOW }))
    }),
  )
}

const PASSWORD = 'correct horse battery staple'
passes('login', loginCases, (run) =>
  withStore(async ({ users, signInAttempts }) => {
    const person = user({ passwordHash: await hashPassword(PASSWORD, { ln: 4, r: 8, p: 1 }) })
    await users.create(person)
    await run({ login: localLogin({ users, signInAttempts, now: () => NOW }), user: person, password: PASSWORD })
  }),
)

describe('cases', () => {
  test('have names that are their own', () => {
    const others = [clockCases, randomCases, ordinalCases, hashCases, sealerCases, signerCases, loginCases].flat()
    const names = [...storeConformance, ...others].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('call every verb of every port of the store', async () => {
    const called = new Set<string>()
    for (const { run } of storeConformance) await withStore((store) => run(recording(store, called)))
    await withStore(async (store) => {
      expect(verbsOf(store).filter((verb) => !called.has(verb))).toEqual([])
      expect(verbsOf(store).length).toBeGreaterThan(50)
    })
  })

  test('are there for every port that the core knows', async () => {
    const source = await Bun.file(`${ROOT}server/core/ports.ts`).text()
    const declared = [...source.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name = '']) => name)
    const ofStore = [
      ...(/^export interface Store \{([\s\S]*?)^\}/m.exec(source)?.[1] ?? '').matchAll(/readonly \w+: (\w+)/g),
    ]
    const ports = [...ofStore.map(([, name = '']) => name), 'Store']
    const others = ['Clock', 'Random', 'Ordinal', 'Hash', 'Sealer', 'Signer', 'Login']
    expect(declared.filter((name) => ![...ports, ...others, ...DATA].includes(name))).toEqual([])
    expect(declared.length).toBeGreaterThan(20)
  })
})

/** What the ports take and give, and a port of ports. */
const DATA = ['Audited', 'SignInProblem', 'ClientUse', 'Part', 'AttemptLimit', 'Debt', 'Keep']

/** `codes.redeem`, and so on. */
const verbsOf = (store: OpenStore): readonly string[] =>
  Object.entries(store).flatMap(([port, member]) =>
    typeof member === 'function' ? [port] : Object.keys(member).map((verb) => `${port}.${verb}`),
  )

/** The store, which notes what is called. */
function recording<Port extends object>(port: Port, called: Set<string>, path = ''): Port {
  return new Proxy(port, {
    get(target, name) {
      const member = Reflect.get(target, name)
      const own = `${path}${String(name)}`
      if (typeof member === 'object' && member !== null) return recording(member, called, `${own}.`)
      if (typeof member === 'function') called.add(own)
      return member
    },
  })
}
