/**
 * What is convenient in development, asked from elsewhere: by a web page whose name resolves to loopback, over the network, and later on a
 * public issuer.
 *
 * @see MCP 2026-07-28, security best practices: DNS rebinding of servers on loopback
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { createDemo } from '../../examples/demo-server/demo.ts'
import { Config, type Settings } from '../../server/config.ts'
import { systemClock } from '../../server/create-server.ts'
import { DEMO_USER, provideDemoUser } from '../../server/demo-user.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { startServer } from '../../server/main.ts'
import { openStore } from '../../server/store/open-store.ts'
import { random } from '../../server/store/random.ts'
import { freePort } from '../support/spawn.ts'

const settingsFor = (issuer: string, changes: Partial<Settings> = {}): Settings => ({
  ...v.parse(Config, {}),
  issuer,
  secret: 'a secret of this test only, 32 bytes and more',
  database: 'sqlite::memory:',
  port: Number(new URL(issuer).port),
  ...changes,
})

describe('a development server', () => {
  const port = freePort()
  const issuer = `http://localhost:${port}`
  let stop: () => Promise<void>

  beforeAll(async () => {
    const settings = settingsFor(issuer, { dev: true, dev_login: DEMO_USER.username })
    const running = await startServer(settings, (options) => createDemo({ ...options, notesDatabase: ':memory:' }))
    if (!running.ok) throw new Error(running.error.message)
    stop = () => running.value.stop({ drain: false })
  })
  afterAll(() => stop())

  const statusFor = (host: string, path: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.on('error', reject)
      asked.end()
    })

  test.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '192.0.2.1', '0.0.0.0'])(
    'DNS rebinding: %s in Host is answered by nothing but 421',
    async (host) => {
      for (const path of ['/oauth/authorize', '/.well-known/jwks.json', '/mcp', '/account', '/health/live']) {
        expect([path, await statusFor(host, path)]).toEqual([path, 421])
      }
    },
  )

  test.each(['localhost', '127.0.0.1', '[::1]'])('as %s it answers', async (name) => {
    expect(await statusFor(`${name}:${port}`, '/health/live')).toBe(200)
  })

  test('SEC-016 a Host that is none is a bad request, also where the MCP server is asked first', async () => {
    for (const host of ['a b', 'a/b:x', '[', 'x:99999']) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(`GET /mcp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
        })
        let text = ''
        socket.on('data', (chunk) => {
          text += chunk
        })
        socket.on('end', () => resolve(text))
        socket.on('error', reject)
      })
      expect([host, answer.split('\r\n')[0]]).toEqual([host, expect.stringMatching(/^HTTP\/1\.1 4(00|21)/)])
    }
  })
})

describe('the published password', () => {
  const folders: string[] = []
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

  /** A database that a development server has used. */
  async function used(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-demo-user-'))
    folders.push(folder)
    const database = `sqlite:${join(folder, 'used.db')}`
    const store = await openStore({ database })
    await provideDemoUser({ users: store.users, now: systemClock, random })
    await store.close()
    return database
  }

  const startIn = async (database: string, issuer: string) => {
    const settings = settingsFor(issuer, { database, port: 0, host: '127.0.0.1' })
    const running = await startServer(settings)
    if (running.ok) await running.value.stop({ drain: false })
    return running.ok ? 'started' : running.error.message
  }

  test('is made by the server, and the audit log says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-demo-user-'))
    folders.push(folder)
    const database = `sqlite:${join(folder, 'new.db')}`
    const running = await startServer(settingsFor('http://localhost:9100', { database, dev: true, port: 0 }))
    if (!running.ok) throw new Error(running.error.message)
    await running.value.stop({ drain: false })
    const store = await openStore({ database })
    expect((await store.audit.readBack(null, { type: 'user_added' })).records).toMatchObject([{ actor: 'server' }])
    await store.close()
  })

  test('lets nobody in on a public issuer: the server does not start, and says what to do', async () => {
    const refused = await startIn(await used(), 'https://auth.example')
    expect(refused).toContain('sallyport users remove demo')
  })

  test('is no matter on loopback, with another password, or without the account', async () => {
    expect(await startIn(await used(), 'http://localhost:9100')).toBe('started')
    const database = await used()
    const store = await openStore({ database })
    const user = await store.users.findByUsername(DEMO_USER.username)
    await store.users.setPassword(user?.id ?? '', await hashPassword('a password of their own'))
    await store.close()
    expect(await startIn(database, 'https://auth.example')).toBe('started')
    const again = await openStore({ database })
    expect(await again.users.remove(user?.id ?? '', systemClock())).toBe(true)
    await again.close()
    expect(await startIn(database, 'https://auth.example')).toBe('started')
  })
})
