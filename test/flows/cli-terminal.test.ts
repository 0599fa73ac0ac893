/**
 * Commands in a terminal, where a person answers: questions that a server asks in the middle of a call, sign-ins, Ctrl-C.
 *
 * @see MCP 2025-11-25 and 2026-07-28, client, elicitation
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type ClientWorld, createClientWorld, sallyport } from '../support/client-world.ts'
import { everythingV1, everythingV2 } from '../support/everything.ts'
import { createPerson } from '../support/person.ts'
import { inTerminal } from '../support/terminal.ts'

setDefaultTimeout(60_000)

describe.each([
  ['2025-11-25', everythingV1, '{"which":"rye"}'],
  ['2026-07-28', everythingV2, '{"one":{"action":"accept","content":{"which":"rye"}}}'],
] as const)('a server of %s asks in the middle of a call', (_, make, accepted) => {
  let world: ClientWorld
  beforeAll(async () => {
    world = await createClientWorld({ handle: make().handle })
    expect(await sallyport(world, ['login', world.resource])).toMatchObject({ code: 0 })
  })
  afterAll(() => world.close())

  test('the person at the terminal answers, looks again, and sends it', async () => {
    const terminal = inTerminal(world, ['call', world.resource, 'elicit'])
    await terminal.shows(`${new URL(world.resource).host} asks: Which?`)
    await terminal.shows('which [none]: ')
    terminal.type('wheat\n')
    await terminal.shows('Send this?')
    terminal.type('e\n')
    await terminal.shows('which [none]: ')
    terminal.type('rye\n')
    await terminal.shows('Send this?')
    terminal.type('y\n')
    expect(await terminal.exited).toBe(0)
    expect(terminal.screen()).toContain(accepted)
  })

  test('nobody is there: the question is cancelled, and people who read logs are told', async () => {
    const { error } = await sallyport(world, ['call', world.resource, 'elicit'])
    expect(error).toContain('asks: Which?')
    expect(error).toContain('Nobody is here to answer, so the question was cancelled.')
  })

  test('Ctrl-C at the question ends the command', async () => {
    const terminal = inTerminal(world, ['call', world.resource, 'elicit'])
    await terminal.shows('which [none]: ')
    terminal.type('\u0003')
    expect(await terminal.exited).toBe(130)
  })
})

describe('signing in', () => {
  let world: ClientWorld
  let decide: (url: string) => Promise<unknown> = async () => {}
  beforeAll(async () => {
    world = await createClientWorld({ visit: (_, url) => decide(url) })
  })
  afterAll(() => world.close())

  test('a command that needs it asks, and goes on', async () => {
    decide = async (url) => fetch(await createPerson(world.demo).visit(url))
    const terminal = inTerminal(world, ['call', world.demo.mcpUrl, 'whoami'])
    await terminal.shows('Not signed in yet.')
    await terminal.shows('"user"')
    expect(await terminal.exited).toBe(0)
    await sallyport(world, ['logout', world.demo.mcpUrl])
  })

  test('fetch shows text, and nothing that steers the terminal; what has no text is told by its status', async () => {
    const words = 'one\r\n\u001b[2Jtwo'
    const plain = Bun.serve({ port: 0, hostname: 'localhost', fetch: () => new Response(words) })
    const terminal = inTerminal(world, ['fetch', plain.url.href])
    expect(await terminal.exited).toBe(0)
    expect(terminal.screen()).toBe('one\n\uFFFD[2Jtwo\n')
    await plain.stop(true)
    const empty = Bun.serve({ port: 0, hostname: 'localhost', fetch: () => new Response(null, { status: 405 }) })
    const refused = inTerminal(world, ['fetch', empty.url.href])
    expect(await refused.exited).toBe(0)
    expect(refused.screen()).toBe('HTTP 405 Method Not Allowed\n')
    await empty.stop(true)
  })

  test('without a browser the address is pasted; Ctrl-D says that nothing will come', async () => {
    const nowhere = { ...world, env: { ...world.env, BROWSER: '' } }
    const given = inTerminal(nowhere, ['login', world.demo.mcpUrl])
    await given.shows('paste the address')
    given.type('\u0004')
    expect(await given.exited).toBe(3)
    const terminal = inTerminal(nowhere, ['login', world.demo.mcpUrl])
    await terminal.shows('paste the address')
    terminal.type('http://127.0.0.1:1/callback?code=x&state=y\n')
    await terminal.shows('does not belong to this sign-in')
    const address = terminal.screen().match(/http\S+oauth\/authorize\S+/)?.[0] ?? ''
    terminal.type(`${await createPerson(world.demo).visit(address)}\n`)
    await terminal.shows('Signed in')
    expect(await terminal.exited).toBe(0)
  })
})
