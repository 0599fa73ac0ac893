/**
 * Many at once, through whole servers that share a database over 40 connections: nothing is lost, and limits hold. Codes and refresh
 * tokens have files of their own among the attacks.
 *
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { hashPassword } from '../../server/login/password-hash.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  formFields,
  postForm,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import { type Pair, useEngines } from '../support/engines.ts'
import { createPerson } from '../support/person.ts'

setDefaultTimeout(60_000)

const CALLERS = 32

/** Half of the callers at either server. */
const atOnce = <Answer>(servers: Pair, call: (server: TestServer, caller: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(servers[caller % 2 === 0 ? 0 : 1], caller)))

const MANY_SCOPES = Object.fromEntries(Array.from({ length: CALLERS }, (_, caller) => [`notes:${caller}`, 'A part']))
const RESOURCES = [{ identifier: 'https://mcp.example/mcp', scopes: MANY_SCOPES }]

/** The password of everybody here, as a hash that takes no time. */
const PASSWORD = 'correct horse battery'
const HASH = hashPassword(PASSWORD, { ln: 4, r: 8, p: 1 })

async function signIn(server: TestServer, username: string, password: string) {
  const browser = createBrowser(server)
  const fields = formFields(await (await browser.fetch('/sign-in')).text())
  const answer = await browser.fetch('/sign-in', {
    method: 'POST',
    body: new URLSearchParams({ ...fields, username, password }),
  })
  return { answer, browser }
}

describe.each(useEngines())('on $name', ({ pair }) => {
  test('32 registrations: 32 clients, and both servers know each', async () => {
    const servers = await pair()
    const registered = await atOnce(servers, (server) => registerClient(server))
    expect(new Set(registered.map(({ client_id }) => client_id)).size).toBe(CALLERS)
    const known = await atOnce(servers, async (server, caller) =>
      server.store.clients.find(registered[CALLERS - 1 - caller]?.client_id ?? ''),
    )
    expect(known).not.toContain(null)
  })

  test('32 consents to different scopes: every scope is remembered, every code is good once', async () => {
    const servers = await pair({ resources: RESOURCES })
    const [server] = servers
    const { client_id, client_secret } = await registerClient(server, {
      token_endpoint_auth_method: 'client_secret_post',
    })
    // One person, in as many windows, in front of both servers.
    let turn = 0
    const person = createPerson({ fetch: (...request) => servers[turn++ % 2 === 0 ? 0 : 1].fetch(...request) })
    const visit = async (scope: string) => {
      const query = await authorizationQuery(client_id, { scope })
      return person.visit(`${server.issuer}/oauth/authorize?${query}`)
    }
    await visit('notes:0')
    const callbacks = await atOnce(servers, (_, caller) => visit(`notes:${caller}`))
    const consent = await server.store.consents.find(server.userId, client_id, 'https://mcp.example/mcp')
    expect(consent?.scopes.toSorted()).toEqual(Object.keys(MANY_SCOPES).toSorted())

    const redeem = (one: TestServer, caller: number) =>
      postForm(one, '/oauth/token', {
        ...codeForm(client_id, callbacks[caller]?.searchParams.get('code') ?? ''),
        ...(client_secret === undefined ? {} : { client_secret }),
      })
    const answers = await atOnce(servers, redeem)
    expect(answers.map(({ status }) => status)).toEqual(Array(CALLERS).fill(200))
  })

  test('32 people sign in: 32 sessions, and both servers know each', async () => {
    const servers = await pair()
    const passwordHash = await HASH
    await atOnce(servers, (server, caller) =>
      server.store.users.create({
        id: `usr_${caller}`,
        username: `person-${caller}`,
        displayName: null,
        passwordHash,
        disabledAt: null,
        createdAt: server.clock.now,
      }),
    )
    const signedIn = await atOnce(servers, (server, caller) => signIn(server, `person-${caller}`, PASSWORD))
    expect(signedIn.map(({ answer }) => answer.status)).toEqual(Array(CALLERS).fill(303))
    const cookies = signedIn.map(({ browser }) => [...browser.cookies].map((pair) => pair.join('=')).join('; '))
    expect(new Set(cookies).size).toBe(CALLERS)
    const accounts = await atOnce(servers, async (server, caller) => {
      // Each at the server that did not sign them in.
      const page = await server.fetch('/account', { headers: { cookie: cookies[(caller + 1) % CALLERS] ?? '' } })
      return [page.status, (await page.text()).includes(`person-${(caller + 1) % CALLERS}`)]
    })
    expect(accounts).toEqual(Array(CALLERS).fill([200, true]))
  })

  test('32 guesses: five are looked at, whichever server they come to', async () => {
    const servers = await pair()
    await servers[0].store.users.create({
      id: 'usr_grace',
      username: 'grace',
      displayName: null,
      passwordHash: await HASH,
      disabledAt: null,
      createdAt: servers[0].clock.now,
    })
    const answers = await atOnce(servers, async (server) => (await signIn(server, 'grace', 'wrong')).answer.status)
    expect(answers.filter((status) => status === 403)).toHaveLength(5)
    expect(answers.filter((status) => status === 429)).toHaveLength(27)
  })
})
