/**
 * The client's commands as a person and as a script run them: processes of their own, their output and their exit codes.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { addClient } from '../../server/admin/clients.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { type ClientWorld, createClientWorld, sallyport, signIn } from '../support/client-world.ts'
import { createPerson } from '../support/person.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES } from '../support/spawn.ts'

setDefaultTimeout(30_000)

let world: ClientWorld
/** What the person does at the next address. */
let decide: (url: string) => Promise<unknown> = async () => {}
beforeAll(async () => {
  const config = { client_credentials: { enabled: true } }
  world = await createClientWorld({ config, visit: (_, url) => decide(url) })
  decide = (url) => signIn(world.demo, url)
})
afterAll(() => world.close())

const run = (...args: readonly string[]) => sallyport(world, args)
const url = (): string => world.demo.mcpUrl

describe('one after the other', () => {
  test('nobody has signed in: commands that nobody watches say so, open nothing, and end with 3', async () => {
    const hint = `sallyport login ${url()}`
    for (const args of [['token'], ['tools'], ['call', 'whoami'], ['fetch']]) {
      const [command = '', ...rest] = args
      const ended = await run(command, url(), ...rest)
      expect([command, ended.out, ended.code]).toEqual([command, '', 3])
      expect(ended.error).toContain(hint)
    }
    expect(await run('status', url())).toMatchObject({ out: `${url()}\n  signed out\n`, code: 3 })
    expect(await run('status')).toMatchObject({ out: '', code: 0 })
    const { error, code } = await run('token', url(), '--json')
    expect([JSON.parse(error), code]).toMatchObject([{ error: { code: 'authorization_required' } }, 3])
    expect(world.browser.opened).toEqual([])
  })

  test('login opens the browser, tells people what came of it, and writes nothing for programs', async () => {
    const { out, error, code } = await run('login', url())
    expect([out, code]).toEqual(['', 0])
    expect(error).toContain(`Signed in to ${url()}`)
    expect(error).toContain('scopes: notes:read notes:write')
    expect(world.browser.opened).toHaveLength(1)
    const again = await run('login', url(), '--json')
    expect(JSON.parse(again.out)).toMatchObject({
      resource: url(),
      issuer: world.demo.issuer,
      token_type: 'DPoP',
      refreshable: true,
    })
    expect(world.browser.opened).toHaveLength(1)
  })

  test('status knows it, as text and as JSON', async () => {
    const { out, code } = await run('status')
    expect(code).toBe(0)
    expect(out).toContain(
      `${url()}\n  at ${world.demo.issuer}\n  token good for 15 min, renewed by itself, bound to a key`,
    )
    const [one] = JSON.parse((await run('status', url(), '--json')).out)
    expect(one).toMatchObject({ resource: url(), profile: 'default', state: 'ready', scope: 'notes:read notes:write' })
    expect(JSON.stringify(one)).not.toMatch(/eyJ/)
  })

  test('tools and call', async () => {
    const { out } = await run('tools', url())
    expect(out).toContain('notes_add(text)\n  Adds a note.\n')
    expect(JSON.parse((await run('tools', url(), '--json')).out)).toHaveLength(4)
    expect(await run('call', url(), 'notes_add', '{"text":"Buy bread"}')).toMatchObject({ code: 0 })
    expect(await sallyport(world, ['call', url(), 'notes_add', '-'], { stdin: '{"text":"Buy milk"}' })).toMatchObject({
      code: 0,
    })
    const listed = await run('call', url(), 'notes_list')
    expect(JSON.parse(listed.out)).toMatchObject([{ text: 'Buy milk' }, { text: 'Buy bread' }])
    expect(JSON.parse((await run('call', url(), 'whoami', '--json')).out)).toMatchObject({
      content: [{ type: 'text' }],
    })
    expect(await run('call', url(), 'no_such_tool')).toEqual({
      out: '',
      error: `sallyport: There is no such tool\n  → sallyport tools ${url()}   (what there is, and what it takes)\n`,
      code: 6,
    })
    expect(await run('call', url(), 'whoami', 'no json')).toMatchObject({ out: '', code: 2 })
  })

  test('more scope is exit code 4, with the command that gets it', async () => {
    const { out, error, code } = await run('call', url(), 'notes_clear')
    expect([out, code]).toEqual(['', 4])
    const [, scope = ''] = /sallyport login \S+ --scope "([^"]+)"/.exec(error) ?? []
    expect(scope.split(' ')).toEqual(expect.arrayContaining(['notes:read', 'notes:write', 'notes:admin']))
    expect(await run('login', url(), '--scope', scope)).toMatchObject({ code: 0 })
    expect(await run('call', url(), 'notes_clear')).toMatchObject({ out: '{"deleted":2}\n', code: 0 })
  })

  const ping = ['-d', '{"jsonrpc":"2.0","id":1,"method":"ping"}', '-H', 'accept: application/json, text/event-stream']

  test('fetch sends one request with a proof of its own, and writes the answer as it is', async () => {
    expect(await run('fetch', url(), ...ping)).toEqual({
      out: '{"result":{},"jsonrpc":"2.0","id":1}',
      error: '',
      code: 0,
    })
    const { out } = await run('fetch', url(), '-i', ...ping)
    expect(out).toMatch(/^HTTP 200 OK\n(?:[\w-]+: .*\n)+\n\{"result"/)
    await Bun.write(join(world.home, 'ping.json'), ping[1] ?? '')
    const filed = await run('fetch', url(), '-d', '@ping.json', '-H', ping[3] ?? '', '-o', 'answer.json')
    expect([filed, await Bun.file(join(world.home, 'answer.json')).json()]).toMatchObject([
      { out: '', code: 0 },
      { id: 1 },
    ])
    expect(await run('fetch', url(), '-X', 'PUT')).toMatchObject({ code: 0 })
    expect(await run('fetch', url(), '-X', 'PUT', '--fail')).toMatchObject({
      code: 6,
      error: expect.stringContaining('405'),
    })
    // Below a resource that is known, the token is that resource's; elsewhere there is none.
    expect(await run('fetch', `${url()}/below?x=1`)).toMatchObject({ code: 0 })
    const sent = world.demo.seen.at(-1)
    expect([sent?.path, sent?.headers.get('authorization')?.startsWith('DPoP ')]).toEqual(['/mcp/below', true])
    expect(await run('fetch', `${world.demo.issuer}/.well-known/jwks.json`)).toMatchObject({ code: 0 })
    expect(world.demo.seen.at(-1)?.headers.has('authorization')).toBe(false)
  })

  test('fetch --json: the answer and what it says of itself, whatever it is', async () => {
    const { out } = await run('fetch', url(), '--json', ...ping)
    const headers = { 'content-type': expect.stringContaining('application/json') }
    expect(JSON.parse(out)).toMatchObject({ status: 200, headers, body: { id: 1, result: {} }, encoding: 'json' })
    const refused = await run('fetch', url(), '-X', 'put', '--json', '--fail')
    expect([JSON.parse(refused.out), refused.code]).toMatchObject([{ status: 405 }, 6])
    expect(JSON.parse(refused.error)).toMatchObject({ error: { code: 'http_405' } })
    const page = await run('fetch', `${world.demo.issuer}/nowhere`, '--json')
    expect(JSON.parse(page.out)).toMatchObject({ status: 404 })
    const filed = await run('fetch', url(), '--json', '-o', 'answer.json', ...ping)
    expect(JSON.parse(filed.out)).toMatchObject({ status: 200, output: 'answer.json' })
    expect(await Bun.file(join(world.home, 'answer.json')).json()).toMatchObject({ id: 1 })
  })

  test('a bound token is of no use to a script: token says what to do, and prints one that is not bound', async () => {
    const refused = await run('token', url())
    expect([refused.out, refused.code]).toEqual(['', 3])
    expect(refused.error).toContain(`sallyport login ${url()} --bearer`)
    expect(await run('login', url(), '--bearer')).toMatchObject({ code: 0 })
    const { out, error } = await run('token', url())
    expect(error).toBe('')
    const headers = {
      authorization: `Bearer ${out.trim()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
    expect((await fetch(url(), { method: 'POST', headers, body: ping[1] ?? '' })).status).toBe(200)
    expect(JSON.parse((await run('token', url(), '--json')).out)).toMatchObject({
      access_token: out.trim(),
      token_type: 'Bearer',
    })
    expect((await run('status')).out).toContain('  for other programs\n')
    // The bound one is still there.
    expect(JSON.parse((await run('status', url(), '--json')).out)).toMatchObject([
      { token_type: 'DPoP' },
      { token_type: 'Bearer' },
    ])
  })

  test('--trace shows every step and no secret', async () => {
    const before = world.demo.seen.length
    const { error } = await run('login', url(), '--force', '--trace')
    const sent = world.demo.seen
      .slice(before)
      .filter(({ path }) => !/authorize|login|sign-in|consent|assets/.test(path))
    for (const { method, path } of sent) expect(error).toContain(`${method} ${world.demo.issuer}${path}`)
    expect(error).toMatch(/\d\.\d{3}s +\d+ POST \S+\/oauth\/token\n/)
    const form = sent.find(({ path }) => path === '/oauth/token')?.form
    for (const secret of ['code', 'code_verifier']) {
      expect(String(form?.[secret]).length).toBeGreaterThan(20)
      expect(error).not.toContain(String(form?.[secret]))
    }
    expect(error).not.toMatch(/eyJ[\w-]{20}/)
    expect(error).toContain('"access_token":"eyJhbGci…"')
  })

  test('logout revokes both, and status knows nothing any more', async () => {
    const before = world.demo.sent('POST', '/oauth/revoke').length
    const { error, code } = await run('logout', url())
    expect([error, code]).toEqual([
      ['', ' (for other programs)']
        .map((whose) => `Signed out of ${url()}${whose}: the tokens were revoked, and deleted here.\n`)
        .join(''),
      0,
    ])
    expect(world.demo.sent('POST', '/oauth/revoke').length).toBeGreaterThan(before + 1)
    expect(await run('status')).toMatchObject({ out: '', code: 0 })
    expect(await run('logout', url())).toMatchObject({ error: `Not signed in to ${url()}.\n`, code: 0 })
    expect(await run('logout')).toMatchObject({ code: 2 })
  })
})

describe('signing in otherwise', () => {
  test('--no-browser: the address that a browser elsewhere ended up at is pasted', async () => {
    const child = Bun.spawn([...RUNTIMES.bun, `${ROOT}server/bin.ts`, 'login', url(), '--no-browser'], {
      env: world.env,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const opened = world.browser.opened.length
    let shown = ''
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) {
      shown += decoder.decode(chunk, { stream: true })
      if (/paste the address/.test(shown)) break
    }
    const [address = ''] = /http\S+oauth\/authorize\S+/.exec(shown) ?? []
    child.stdin.write(`${await createPerson(world.demo).visit(address)}\n`)
    child.stdin.end()
    expect(await child.exited).toBe(0)
    expect(world.browser.opened).toHaveLength(opened)
    expect(await run('status', url())).toMatchObject({ code: 0 })
    await run('logout', url())
  })

  test('nobody can paste, and no browser opens: it ends at once, and says what to do', async () => {
    const nowhere = { ...world, env: { ...world.env, BROWSER: '' } }
    const pasting = await sallyport(nowhere, ['login', url(), '--no-browser'])
    expect(pasting).toMatchObject({ out: '', code: 3 })
    expect(pasting.error).toContain('Standard input ended before an address was pasted.')
    expect(pasting.error).toContain('→ Run it in a terminal')
    const without = await sallyport(nowhere, ['login', url()])
    expect(without).toMatchObject({ out: '', code: 3 })
    expect(without.error).toContain('No browser opens here, and standard input is no terminal')
    const { error, code } = await sallyport(nowhere, ['login', url(), '--json'])
    expect([JSON.parse(error), code]).toMatchObject([{ error: { code: 'interaction_unavailable' } }, 3])
  })

  test('--device at a server that has no such grant: it is said, before anything is registered there', async () => {
    const registered = world.demo.sent('POST', '/oauth/register').length
    const { error, out, code } = await run('login', url(), '--device')
    expect([out, code]).toEqual(['', 1])
    expect(error).toContain('lacks an endpoint that is needed')
    expect(error).toEndWith('→ It has no --device: leave it out.\n')
    // Nothing is left behind at a server where it is of no use.
    expect(world.demo.sent('POST', '/oauth/register')).toHaveLength(registered)
  })

  test('whoever declines is not signed in', async () => {
    decide = (address) => signIn(world.demo, address, 'deny')
    expect(await run('login', url())).toMatchObject({ out: '', code: 1, error: expect.stringContaining('denied') })
    decide = (address) => signIn(world.demo, address)
    expect(await run('status', url())).toMatchObject({ code: 3 })
  })

  test('an agent with a key of its own needs nobody', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] }
    await Bun.write(join(world.home, 'key.json'), JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'one' }))
    const id = await addAgent(jwks)
    const flags = [
      '--client-credentials',
      '--client-id',
      id,
      '--issuer',
      world.demo.issuer,
      '--private-key-file',
      'key.json',
    ]
    const { out, code } = await run('call', url(), 'whoami', ...flags)
    expect([code, JSON.parse(out)]).toMatchObject([0, { client: id }])
    expect((await run('token', url(), ...flags)).out).toMatch(/^eyJ/)
    const { error } = await run('call', url(), 'whoami', ...flags.with(-1, 'missing.json'))
    expect(error).toContain('missing.json cannot be read')
  })

  test('a URL at which nobody takes messages: it is said, to people and to hosts', async () => {
    const { error, code } = await run('tools', `${world.demo.issuer}/nothing`)
    expect(code).toBe(1)
    expect(error).toContain('No MCP endpoint answers there (HTTP status 404 to a POST).\n  → Is the URL right?')
  })

  test('profiles keep accounts apart', async () => {
    expect(await run('login', url(), '--profile', 'work')).toMatchObject({ code: 0 })
    expect(await run('status', url(), '--profile', 'work')).toMatchObject({ code: 0 })
    expect(await run('status', url(), '--profile', 'home')).toMatchObject({ code: 3 })
    expect(await run('call', url(), 'whoami')).toMatchObject({ code: 3 })
    expect(await run('call', url(), 'whoami', '--profile', 'work')).toMatchObject({ code: 0 })
    expect(JSON.parse((await run('logout', '--all', '--json')).out)).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ profile: 'work', revoked: true, deleted: true })]),
    )
    expect(await run('status')).toMatchObject({ out: '' })
  })
})

describe('what is wrong is said', () => {
  const wrong: readonly [readonly string[], number, RegExp][] = [
    [['login'], 2, /^sallyport: Missing required argument 'url'\. Try --help\.\n$/],
    [['login', 'nonsense'], 2, /nonsense is no URL of a protected server/],
    [['login', 'http://mcp.example/mcp'], 2, /wanted an https URL/],
    [['login', 'https://mcp.example/mcp', '--client-secret-file', '/dev/null'], 2, /needs --client-id and --issuer/],
    [['tools', 'http://localhost:1/mcp'], 5, /could not be reached/],
    [['login', 'https://mcp.example/mcp', '--callback-port', '65536'], 2, /65536: wanted a port/],
    [['fetch', 'file:///etc/passwd'], 2, /no http or https URL/],
    [['fetch', 'https://ada:secret@mcp.example/'], 2, /^sallyport: The URL has a user name or password in it\.\n$/],
    [['login', 'https://mcp.example/mcp', '--bearer', '--dpop', 'required'], 2, /leave --dpop required out/],
    [['token', 'https://mcp.example/mcp', '--dpop', 'required'], 2, /leave --dpop required out/],
    [['fetch', 'https://mcp.example/', '-H', 'Authorization: Bearer x'], 2, /sends by itself/],
    [['fetch', 'https://mcp.example/', '-H', 'x'], 2, /wanted "Name: value"/],
    [['fetch', 'https://mcp.example/', '-H', 'Content-Length: 7'], 2, /Content-Length follows from the request/],
    [['fetch', 'https://mcp.example/', '-H', 'X-Note: a\nX-Other: b'], 2, /X-Note: the value has characters/],
    [['tools', 'https://mcp.example/mcp', '-H', 'X-Note: ü'], 2, /X-Note: the value has characters/],
    [['fetch', 'https://mcp.example/', '-H', 'X Note: a'], 2, /wanted "Name: value"/],
    [['fetch', 'https://mcp.example/', '-X', 'GET IT'], 2, /wanted a method, such as GET/],
    [['fetch', 'https://mcp.example/', '-X', 'TRACE'], 2, /TRACE cannot be sent/],
    [['fetch', 'https://mcp.example/', '-X', 'get', '-d', 'x'], 2, /A GET request has no body/],
    [['fetch', 'https://mcp.example/', '-d', '@missing'], 2, /missing cannot be read/],
    [['fetch', 'https://mcp.example/', '-i', '--json'], 2, /cannot be used with/],
    [['bridge', 'https://mcp.example/mcp', '--wait', 'long'], 2, /wanted a number of seconds/],
    [
      ['bridge', 'https://mcp.example/mcp', '--client-id', 'x', '--client-secret-file', '-'],
      2,
      /is its host’s: name a file/,
    ],
    [['login', 'https://mcp.example/mcp', '--store', 'cloud'], 2, /Allowed choices are/],
    [['login', 'https://mcp.example/mcp', '--resource-parameter', 'notes'], 2, /notes: wanted an absolute URI/],
    [['token', 'https://mcp.example/mcp', '--assertion-file', 'x'], 2, /--assertion-file needs --issuer/],
    [['token', 'https://mcp.example/mcp', '--assertion-file', 'x', '--device'], 2, /cannot be used with/],
    [['token', 'https://mcp.example/mcp', '--assertion-file', 'x', '--client-credentials'], 2, /cannot be used with/],
  ]
  test('a server that goes on asking for more scope: 4, and which', async () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="a b"' }
    await using server = Bun.serve({ port: 0, fetch: () => new Response(null, { status: 403, headers }) })
    const ended = await run('tools', `http://localhost:${server.port}/mcp`)
    expect([ended.out, ended.code]).toEqual(['', 4])
    expect(ended.error).toContain(`sallyport login http://localhost:${server.port}/mcp --scope "a b"`)
  })

  test.each(wrong)('%j', async (args, code, message) => {
    const ended = await run(...args)
    expect([ended.out, ended.code]).toEqual(['', code])
    expect(ended.error).toMatch(message)
  })

  test('as JSON, too, where a command line that cannot be read says so', async () => {
    for (const [args, message] of [
      [['login', '--json'], "Missing required argument 'url'."],
      [['tools', url(), '--json', '--nonsense'], "Unknown option '--nonsense'."],
      [['tools', 'nonsense', '--json'], expect.stringContaining('nonsense is no URL')],
    ] as const) {
      const { out, error, code } = await run(...args)
      expect([out, code, JSON.parse(error)]).toMatchObject(['', 2, { error: { code: 'usage', message } }])
    }
  })

  test('Ctrl-C while a person is waited for: 130, and nothing is left locked or lying about', async () => {
    decide = async () => {}
    const child = Bun.spawn([...RUNTIMES.bun, `${ROOT}server/bin.ts`, 'login', url()], {
      env: world.env,
      stderr: 'pipe',
      stdout: 'pipe',
    })
    const opened = world.browser.opened.length
    while (world.browser.opened.length === opened) await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGINT')
    expect(await child.exited).toBe(130)
    expect(await new Response(child.stderr).text()).toEndWith('sallyport: Stopped.\n')
    const kept = new Bun.Glob('sallyport/flow-*').scanSync({ cwd: world.home })
    for (const file of kept) expect(await Bun.file(join(world.home, file)).text()).not.toContain('codeVerifier')
    decide = (address) => signIn(world.demo, address)
    expect(await run('login', url())).toMatchObject({ code: 0 })
  })

  test('no colour where nobody sees it, and none where NO_COLOR says so', async () => {
    const { error } = await sallyport({ ...world, env: { ...world.env, NO_COLOR: '' } }, ['login', 'nonsense'])
    expect(error).not.toContain('\u001b')
  })
})

/** A client that an administrator has registered, with keys; its id. */
async function addAgent(jwks: object): Promise<string> {
  const wanted = {
    redirectUris: [],
    clientCredentials: true,
    resource: null,
    scopeCeiling: null,
    dpop: 'optional',
    agent: false,
  } as const
  const context = { store: world.demo.store, random, hash, now: () => world.demo.clock.now }
  const added = await addClient(context, { ...wanted, name: 'Agent', proof: { type: 'keys', jwks } })
  if (!added.ok) throw new Error(added.error.message)
  return added.value.replace('client_id=', '')
}
