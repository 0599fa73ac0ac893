/**
 * `sallyport keys` and `sallyport migrate`, and what a start refuses: processes of their own, their output and exit code.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../server/store/connect.ts'
import { usePostgres } from '../support/postgres.ts'
import { ROOT } from '../support/source-tree.ts'
import { type Ended, RUNTIMES, run } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const SECRET = 'a secret of these tests only, 32 bytes and more'
const OTHER = 'another secret of these tests, 32 bytes and more'
const postgres = usePostgres()

let cwd = ''
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sallyport-keys-'))
})
afterAll(() => rm(cwd, { recursive: true }))

const newFile = (): string => `sqlite:${join(cwd, `${crypto.randomUUID()}.db`)}`

const sallyport = (database: string, args: string, env: Record<string, string> = {}): Promise<Ended> =>
  run([...RUNTIMES.bun, `${ROOT}server/bin.ts`, ...args.split(' ')], {
    cwd,
    env: { SALLYPORT_DATABASE: database, SALLYPORT_SECRET: SECRET, ...env },
  })

const refused = (message: string, code: 1 | 2 = 1): Ended => ({ out: '', error: `sallyport: ${message}\n`, code })

const kids = (out: string): readonly string[] => [...out.matchAll(/^([\w-]{43}) /gm)].map(([, kid = '']) => kid)
/** A kid may begin with a hyphen. */
const argument = (kid = ''): string => (kid.startsWith('-') ? `-- ${kid}` : kid)

describe('keys', () => {
  test('from the first to the next, an emergency, and the end of the one that leaked', async () => {
    const database = newFile()
    expect((await sallyport(database, 'keys list')).out).toBe('No keys yet: the first start of the server makes one.\n')
    expect((await sallyport(database, 'keys rotate')).out).toMatch(/^Made [\w-]{43}\. It is published now/)
    const rotated = await sallyport(database, 'keys rotate')
    expect(rotated.code).toBe(0)
    const listed = await sallyport(database, 'keys list')
    expect(listed.out).toMatch(
      /^KID +ALGORITHM +STATE +SINCE \(UTC\) +THEN \(UTC\)\n.+ES256 +active.+\n.+ES256 +next .+ signs from /,
    )
    const [first, second] = kids(listed.out)
    expect(await sallyport(database, 'keys rotate')).toMatchObject({
      code: 1,
      error: expect.stringContaining('is next already'),
    })

    expect(await sallyport(database, `keys retire ${argument(first)}`)).toEqual(
      refused('That key signs now. First make another one sign: sallyport keys rotate --now'),
    )
    const emergency = await sallyport(database, 'keys rotate --now')
    expect(emergency.out).toContain('It signs NOW')
    expect(emergency.out).toContain(`sallyport keys retire ${argument(first)}\n`)
    expect(emergency.out).toContain(`sallyport keys retire ${argument(second)}\n`)
    const retired = await sallyport(database, `keys retire ${argument(first)}`)
    expect(retired.out).toContain('EVERY ACCESS TOKEN THAT IT SIGNED')
    expect((await sallyport(database, `keys retire ${argument(second)}`)).out).toContain('It had signed nothing.')
    const left = await sallyport(database, 'keys list')
    expect(kids(left.out)).toHaveLength(1)
    expect(left.out).toMatch(/ active /)
    expect(await sallyport(database, `keys retire ${argument(first)}`)).toMatchObject({ code: 1 })

    const written = (await sallyport(database, 'audit --json')).out.trim().split('\n')
    const acts = written.map((line) => JSON.parse(line))
    expect(acts.map(({ type }) => type)).toEqual(['key_made', 'key_made', 'key_made', 'key_deleted', 'key_deleted'])
    expect(acts.map(({ reason }) => reason)).toEqual([first, second, kids(left.out)[0], first, second])
    expect(acts.every(({ actor }) => actor.startsWith('cli:'))).toBe(true)
  })

  test('a new key needs the secret, and the right one', async () => {
    const database = newFile()
    const none = await sallyport(database, 'keys rotate', { SALLYPORT_SECRET: '' })
    expect(none).toMatchObject({ code: 1, error: expect.stringContaining('SALLYPORT_SECRET') })
    await sallyport(database, 'keys rotate')
    const wrong = await sallyport(database, 'keys rotate', { SALLYPORT_SECRET: OTHER })
    expect(wrong.code).toBe(1)
    expect(wrong.error).toMatch(
      /^sallyport: The signing keys in the database were encrypted with another secret\..*\n$/,
    )
    expect(kids((await sallyport(database, 'keys list')).out)).toHaveLength(1)
    const both = { SALLYPORT_SECRET: OTHER, SALLYPORT_PREVIOUS_SECRET: SECRET }
    expect(await sallyport(database, 'keys rotate', both)).toMatchObject({ code: 0 })
  })
})

const engines = { SQLite: async () => newFile(), PostgreSQL: () => postgres.createDatabase() }

describe.each(Object.entries(engines))('migrate on %s', (_, newDatabase) => {
  test('shows, runs, and has nothing more to do', async () => {
    const database = await newDatabase()
    const plan = await sallyport(database, 'migrate --plan')
    expect(plan).toMatchObject({ code: 0, error: '' })
    expect(plan.out).toMatch(/^begin.*;\n.*-- 0001-initial\ncreate table "clients".*\ncommit;\n$/s)
    const ran = await sallyport(database, 'migrate')
    expect(ran.out).toMatch(/^Applied 0001-initial, 0002-keys-and-leases, .+\.\n$/)
    expect((await sallyport(database, 'migrate')).out).toBe('Nothing to do: the database is up to date.\n')
    expect((await sallyport(database, 'migrate --plan')).out).toBe('-- Nothing to do: the database is up to date.\n')
  })

  test('a database of a newer version is refused in one line by the server and by every command', async () => {
    const database = await newDatabase()
    await sallyport(database, 'migrate')
    const connected = connect(database, { connections: 1, timeout: 5 })
    await connected.db.insertInto('migrations').values({ name: '9999-later', applied_at: 1 }).execute()
    await connected.db.destroy()
    const expected = refused(
      'The database was made by a newer version of Sallyport (it has 9999-later). Start that version, or use another database.',
    )
    const issuer = { SALLYPORT_ISSUER: 'https://auth.example.com', SALLYPORT_PORT: '0' }
    expect(await sallyport(database, 'server', issuer)).toEqual(expected)
    for (const command of ['migrate', 'migrate --plan', 'keys list', 'users list']) {
      expect(await sallyport(database, command)).toEqual(expected)
    }
  })

  test('a wrong secret refuses the start in one line that says what helps', async () => {
    const database = await newDatabase()
    await sallyport(database, 'keys rotate')
    const issuer = { SALLYPORT_ISSUER: 'https://auth.example.com', SALLYPORT_PORT: '0' }
    const wrong = await sallyport(database, 'server', { ...issuer, SALLYPORT_SECRET: OTHER })
    expect(wrong).toMatchObject({ code: 1, out: '' })
    expect(wrong.error).toMatch(/^sallyport: The signing keys .* SALLYPORT_PREVIOUS_SECRET\.\n$/)
  })
})
