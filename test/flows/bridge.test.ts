/**
 * `sallyport bridge` between hosts that speak only stdio, of both generations of the SDK, and protected servers of both.
 *
 * @see MCP 2025-11-25 and 2026-07-28, transports: stdio, streamable HTTP
 * @module
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { call, opened, start } from '../support/bridge-world.ts'
import { sallyport, signIn } from '../support/client-world.ts'
import { type Everything, everythingV1, everythingV2 } from '../support/everything.ts'
import type { StdioHost } from '../support/stdio-host.ts'

setDefaultTimeout(60_000)

const text = (words: string) => ({ content: [{ type: 'text', text: words }] })

/** The stream for what the server says by itself is open: said often enough, it is heard. */
async function heardBy(host: StdioHost, server: Everything): Promise<void> {
  while (!host.notifications.some(({ method }) => method === 'notifications/tools/list_changed')) {
    await server.toolsChanged()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The progress of a call, which ends when the host says that it has seen all of it. */
async function countedBy(host: StdioHost): Promise<readonly unknown[]> {
  const steps: unknown[] = []
  const onprogress = (progress: unknown): void => {
    if (steps.push(progress) === 3) host.request('tools/call', call('seen'))
  }
  expect(await host.request('tools/call', call('count'), { onprogress })).toMatchObject(text('3'))
  return steps
}

describe.each(['sdk 1.x', 'client 2.x'] as const)(
  'a host with %s, a server with sessions (2025-11-25)',
  (generation) => {
    test('everything passes, in both directions', async () => {
      const { browser, connect, server, demo, resource } = await start(everythingV1())
      const host = await connect(generation)
      expect(browser.opened).toHaveLength(1)

      expect(await host.request('tools/list')).toMatchObject({
        tools: expect.arrayContaining([expect.objectContaining({ name: 'echo', _meta: { 'example/kept': 'echo' } })]),
      })
      expect(await host.request('resources/list')).toMatchObject({ resources: [{ uri: 'note://1' }] })
      expect(await host.request('resources/read', { uri: 'note://1' })).toMatchObject({
        contents: [{ text: 'Buy bread' }],
      })
      expect(await host.request('prompts/get', { name: 'greet' })).toMatchObject({ messages: [{ role: 'user' }] })
      const completion = { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'x', value: 'b' } }
      expect(await host.request('completion/complete', completion)).toMatchObject({
        completion: { values: ['bread', 'butter'] },
      })

      const echoed = await host.request('tools/call', call('echo', { deep: [{ ünï: '🌊' }] }))
      expect(echoed).toMatchObject({ structuredContent: { deep: [{ ünï: '🌊' }] }, _meta: { 'example/kept': true } })

      await host.request('logging/setLevel', { level: 'warning' })
      expect(server.heard).toContain('level warning')
      await host.request('tools/call', call('log'))
      expect(await host.notified('notifications/message')).toMatchObject({ params: { data: 'careful' } })
      await host.request('resources/subscribe', { uri: 'note://1' })
      expect(await host.notified('notifications/resources/updated')).toMatchObject({ params: { uri: 'note://1' } })
      await heardBy(host, server)

      expect(await countedBy(host)).toMatchObject([{ progress: 1 }, { progress: 2 }, { progress: 3, total: 3 }])

      expect(await host.request('tools/call', call('sample'))).toMatchObject(text('A loaf.'))
      expect(await host.request('tools/call', call('elicit'))).toMatchObject(text('{"which":"this"}'))
      expect(await host.request('tools/call', call('roots'))).toMatchObject(
        text('[{"uri":"file:///work","name":"Work"}]'),
      )
      expect(host.asked).toEqual(['sampling/createMessage', 'elicitation/create', 'roots/list'])

      const cancel = new AbortController()
      const waiting = host.request('tools/call', call('wait'), { signal: cancel.signal })
      await server.until('wait')
      cancel.abort()
      await expect(waiting).rejects.toThrow()
      await server.until('cancelled')

      // Bound to a key: nobody who reads the host's log could use it.
      expect(demo.sent('POST', '/oauth/token').map(({ headers }) => headers.has('dpop'))).toEqual([true])
      expect(demo.sent('POST', '/oauth/token')[0]?.form['resource']).toBe(resource)

      await host.close()
      await server.until('session closed')
    })

    test('a server that was restarted has forgotten the session: it is opened anew, and the host notices nothing but news', async () => {
      const { connect, server, stop, listen, browser } = await start(everythingV1())
      const host = await connect(generation)
      await host.request('logging/setLevel', { level: 'error' })
      await host.request('resources/subscribe', { uri: 'note://7' })
      await server.until('GET')

      await stop()
      await server.forget()
      server.heard.length = 0
      const answer = host.request('tools/call', call('echo'))
      await listen()
      expect(await answer).toMatchObject({ structuredContent: {} })
      expect(server.heard).toEqual(expect.arrayContaining(['initialized', 'level error', 'subscribe note://7', 'echo']))
      await host.notified('notifications/tools/list_changed')
      // The stream for what the server says by itself, too.
      await server.until('GET')
      expect(browser.opened).toHaveLength(1)
    })

    const FIRST: readonly [string, Readonly<Record<string, unknown>>, object][] = [
      ['tools/call', call('echo', { n: 1 }), { structuredContent: { n: 1 } }],
      ['tools/list', {}, {}],
      ['resources/read', { uri: 'note://1' }, { contents: [{ text: 'Buy bread' }] }],
      ['resources/subscribe', { uri: 'note://9' }, {}],
      ['prompts/get', { name: 'greet' }, { messages: [{ role: 'user' }] }],
      ['logging/setLevel', { level: 'info' }, {}],
      ['ping', {}, {}],
    ]
    test('whatever a host asks first after a restart is done, and a call is done once', async () => {
      const { connect, server, stop, listen, browser } = await start(everythingV1())
      const host = await connect(generation)
      await server.until('GET')
      for (const [method, params, answer] of FIRST) {
        await stop()
        await server.forget()
        server.heard.length = 0
        await listen()
        expect(await host.request(method, params)).toMatchObject(answer)
        expect(server.heard.filter((what) => what === 'echo')).toHaveLength(method === 'tools/call' ? 1 : 0)
      }
      expect(browser.opened).toHaveLength(1)
    })

    test('a session that is lost while the connection stays: a call is sent again', async () => {
      const { connect, server } = await start(everythingV1())
      const host = await connect(generation)
      await server.until('GET')
      server.heard.length = 0
      // Not awaited: what breaks off and what is asked are on their way together.
      const forgotten = server.forget()
      expect(await host.request('tools/call', call('echo', { n: 2 }))).toMatchObject({ structuredContent: { n: 2 } })
      await forgotten
      expect(server.heard.filter((what) => what === 'echo')).toHaveLength(1)
    })

    test('a host that has nothing to ask hears the server again after a restart', async () => {
      const { connect, server, stop, listen } = await start(everythingV1())
      const host = await connect(generation)
      await heardBy(host, server)
      await stop()
      await server.forget()
      server.heard.length = 0
      await listen()
      await server.until('initialized')
    })

    test('a call that a restart interrupts is an error, not a second call', async () => {
      const { connect, server, stop, listen } = await start(everythingV1())
      const host = await connect(generation)
      const waiting = host.request('tools/call', call('wait'))
      await server.until('wait')
      await stop()
      await server.forget()
      await listen()
      await expect(waiting).rejects.toThrow('not known')
      expect(await host.request('tools/call', call('echo'))).toMatchObject({ structuredContent: {} })
      expect(server.heard.filter((what) => what === 'wait')).toHaveLength(1)
    })
  },
)

describe('a host with client 2.x, a server without sessions (2026-07-28)', () => {
  test('everything passes, with the headers that the wire wants', async () => {
    const { browser, connect, server } = await start(everythingV2())
    const host = await connect('client 2.x')
    expect(browser.opened).toHaveLength(1)
    await host.request('tools/list')
    expect(await host.request('resources/read', { uri: 'note://1' })).toMatchObject({
      contents: [{ text: 'Buy bread' }],
    })

    expect(await host.request('tools/call', call('echo', { tenant: 'Zürich' }))).toMatchObject({
      structuredContent: { tenant: 'Zürich' },
      _meta: { 'example/kept': true },
    })
    const { headers } = server
    expect(headers.at(-1)?.get('mcp-method')).toBe('tools/call')
    expect(headers.at(-1)?.get('mcp-name')).toBe('echo')
    expect(headers.at(-1)?.get('mcp-protocol-version')).toBe('2026-07-28')
    expect(headers.at(-1)?.get('mcp-param-tenant')).toBe(`=?base64?${btoa('Z\u00c3\u00bcrich')}?=`)
    expect(headers.some((one) => one.has('mcp-session-id'))).toBe(false)

    expect(await countedBy(host)).toMatchObject([{ progress: 1 }, { progress: 2 }, { progress: 3, total: 3 }])
    expect(await host.request('tools/call', call('elicit'))).toMatchObject(
      text('{"one":{"action":"accept","content":{"which":"this"}}}'),
    )

    const cancel = new AbortController()
    const waiting = host.request('tools/call', call('wait'), { signal: cancel.signal })
    await server.until('wait')
    cancel.abort()
    await expect(waiting).rejects.toThrow()
    await server.until('cancelled')
  })

  test('a restart goes unnoticed', async () => {
    const { connect, stop, listen, browser } = await start(everythingV2())
    const host = await connect('client 2.x')
    await stop()
    const answer = host.request('tools/call', call('echo'))
    await listen()
    expect(await answer).toMatchObject({ structuredContent: {} })
    await stop()
    await listen()
    expect(await host.request('resources/list')).toMatchObject({ resources: [{ uri: 'note://1' }] })
    expect(browser.opened).toHaveLength(1)
  })
})

describe('trouble is told to the host', () => {
  test('nobody signs in for a while: an error says where to; once somebody has, it works', async () => {
    const { browser, connect, resource } = await start(everythingV1(), { visit: async () => {} })
    // Long enough to get as far as the address.
    const failed = await connect('sdk 1.x', { args: ['--wait', '5'] }).catch((error: unknown) => error)
    const url = await browser.next()
    expect(failed).toMatchObject({
      code: -32000,
      message: expect.stringContaining(`${resource} needs you to sign in: do so at ${url}`),
      data: { code: 'authorization_required', url },
    })
  })

  test('the same bridge goes on when the person comes later', async () => {
    const world = await start(everythingV1(), { visit: async () => {} })
    const bridge = opened(world, '--wait', '0.2')
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
    expect(await bridge.ask(1, 'initialize', initialize)).toMatchObject({ id: 1, error: { code: -32000 } })
    await signIn(world.demo, await world.browser.next())
    expect(await bridge.ask('two', 'initialize', initialize)).toMatchObject({
      id: 'two',
      result: { serverInfo: { name: 'everything' } },
    })
    expect(world.browser.opened).toHaveLength(1)
    // Commands and bridges share what they know.
    expect((await sallyport(world, ['status'])).out).toStartWith(`${world.resource}\n  at ${world.demo.issuer}\n`)
    bridge.end()
    expect(await bridge.exited).toBe(0)
  })

  test('a tool that needs more scope sends the person to the browser again, and is called then', async () => {
    const { browser, connect } = await start(everythingV1())
    const host = await connect('sdk 1.x')
    expect(await host.request('tools/call', call('manage'))).toMatchObject({ structuredContent: {} })
    expect(browser.opened).toHaveLength(2)
    expect(new URL(browser.opened[1] ?? '').searchParams.get('scope')?.split(' ')).toContain('things:admin')
  })

  test('a server that is not there', async () => {
    const world = await start(everythingV1())
    await world.stop()
    const bridge = opened(world, '--patience', '0.5')
    expect<unknown>(await bridge.ask(1, 'ping')).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32000, message: 'The server could not be reached.', data: { code: 'network_error' } },
    })
    await world.listen()
    expect(await bridge.ask(2, 'server/discover')).toMatchObject({ id: 2, error: { code: -32601 } })
    bridge.end()
    expect(await bridge.exited).toBe(0)
  })
})

describe('a process among processes', () => {
  test('nothing but protocol comes on standard output, whatever goes in, and the process ends with its input', async () => {
    const world = await start(everythingV1())
    const bridge = opened(world, '--trace')
    bridge.write('no json\n[]\n\n{"jsonrpc":"2.0"}\n')
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
    expect(await bridge.ask(1, 'initialize', initialize)).toMatchObject({ id: 1, result: {} })
    // Not waited for by a host that is in a hurry.
    bridge.send({ id: 2, method: 'tools/list' })
    bridge.end()
    expect(await bridge.exited).toBe(0)
    expect(bridge.messages.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [null, -32600],
      [null, -32600],
      [1, undefined],
      [2, undefined],
    ])
    await world.server.until('session closed')
    const trace = await bridge.stderr()
    expect(trace).toContain('POST http')
    for (const { form } of world.demo.sent('POST', '/oauth/token'))
      expect(trace).not.toContain(String(form['code_verifier']))
    expect(trace).not.toMatch(/eyJ[\w-]{20}/)
  })

  test('a batch, as hosts of 2025-03-26 may send it: a member that is no message loses none of the others', async () => {
    const world = await start(everythingV1())
    const bridge = opened(world)
    const initialize = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
    await bridge.ask(1, 'initialize', initialize)
    bridge.send({ method: 'notifications/initialized' })
    const batch = [{ jsonrpc: '2.0', id: 2, method: 'ping' }, 7, { jsonrpc: '2.0', id: 3, method: 'tools/list' }]
    bridge.write(`${JSON.stringify(batch)}\n`)
    bridge.end()
    expect(await bridge.exited).toBe(0)
    const answers = bridge.messages.map(({ id, error }) => [id, error?.code])
    expect(answers.sort()).toEqual([
      [null, -32600],
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ])
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it cleanly', async (signal) => {
    const world = await start(everythingV1())
    const bridge = opened(world)
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } }
    await bridge.ask(1, 'initialize', initialize)
    bridge.kill(signal)
    expect(await bridge.exited).toBe(0)
    expect(bridge.messages).toHaveLength(1)
  })
})
