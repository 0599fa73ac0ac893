/**
 * The interactions of native applications: the loopback listener, the pasted URL, the browser.
 *
 * @see RFC 8252 section 7.3, section 8.3
 * @see OAuth 2.1 section 8 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import { follow, type InteractionRequest, type PreparedInteraction, type Verdict } from '../../client/index.ts'
import { type LoopbackOptions, loopback, openBrowser, paste } from '../../client/node/index.ts'
import { approve, failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'

const AUTHORIZATION = 'https://as.example.com/authorize?x=y'

async function prepare(options: LoopbackOptions = {}, issuerSegment?: string): Promise<PreparedInteraction> {
  const prepared = await loopback({ open: false, show: () => {}, ...options }).prepare({
    resource: 'https://mcp.example.com/mcp',
    issuer: 'https://as.example.com',
    redirectUri: undefined,
    issuerSegment,
    signal: new AbortController().signal,
  })
  if (prepared === undefined) throw new Error('the listener declined')
  return prepared
}

const judge = (params: URLSearchParams): Verdict => {
  if (params.get('state') !== 'right') return 'foreign'
  if (params.has('error')) return 'denied'
  return params.has('code') ? 'accepted' : 'refused'
}

const request = (changes: Partial<InteractionRequest> = {}): InteractionRequest => ({
  url: AUTHORIZATION,
  judge,
  fetch,
  signal: new AbortController().signal,
  ...changes,
})

/** Runs `use` against a listener that waits, and ends it with a good callback. */
async function whileWaiting(use: (redirectUri: string) => Promise<void>): Promise<string> {
  const prepared = await prepare()
  try {
    const answer = prepared.open(request())
    await use(prepared.redirectUri)
    await fetch(`${prepared.redirectUri}?state=right&code=c`)
    return await answer
  } finally {
    await prepared.close()
  }
}

describe('section 8.3 the listener', () => {
  test('C-086 listens on a loopback address, on a free port, before anything is registered', async () => {
    const [one, two] = [await prepare(), await prepare({}, 'a1b2c3')]
    expect(one.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    expect(two.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback\/a1b2c3$/)
    expect(one.redirectUri).not.toBe(two.redirectUri)
    await Promise.all([one.close(), two.close()])
  })

  test('the callback URL is handed over; the page is constant, not cached, and sends no referrer', async () => {
    const prepared = await prepare()
    const answer = prepared.open(request())
    const response = await fetch(`${prepared.redirectUri}?state=right&code=secret-code`)
    expect(await answer).toBe(`${prepared.redirectUri}?state=right&code=secret-code`)
    const page = await response.text()
    expect(response.status).toBe(200)
    expect(page).toContain('Signed in')
    expect(page).not.toMatch(/secret-code|right|<script/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    await prepared.close()
  })

  test('C-083 C-096 a request that does not belong to the flow gets 404, and the waiting goes on', async () => {
    const answer = await whileWaiting(async (redirectUri) => {
      const origin = new URL(redirectUri).origin
      const strangers = [
        `${redirectUri}?code=evil`,
        `${redirectUri}?state=wrong&code=evil`,
        `${redirectUri}?state=wrong&error=access_denied`,
        `${redirectUri}?error=access_denied`,
        `${origin}/?state=right&code=evil`,
        `${origin}/favicon.ico`,
        `${redirectUri}/?state=right&code=evil`,
      ]
      for (const url of strangers) expect((await fetch(url)).status).toBe(404)
    })
    expect(answer).toEndWith('?state=right&code=c')
  })

  test('GET only', async () => {
    await whileWaiting(async (redirectUri) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
        expect((await fetch(`${redirectUri}?state=right&code=evil`, { method })).status).toBe(405)
      }
    })
  })

  test('a denial that belongs to the flow ends it, with a page that says so', async () => {
    const prepared = await prepare()
    const answer = prepared.open(request())
    const response = await fetch(`${prepared.redirectUri}?state=right&error=access_denied&error_description=%3Cb%3E`)
    expect(await response.text()).not.toContain('<b>')
    expect(await answer).toContain('error=access_denied')
    await prepared.close()
  })

  test('before and after the waiting there is nothing to be had', async () => {
    const prepared = await prepare()
    expect((await fetch(`${prepared.redirectUri}?state=right&code=c`)).status).toBe(404)
    const answer = prepared.open(request())
    await fetch(`${prepared.redirectUri}?state=right&code=c`)
    await answer
    expect((await fetch(`${prepared.redirectUri}?state=right&code=c`)).status).toBe(404)
    await prepared.close()
    await expect(fetch(prepared.redirectUri)).rejects.toThrow()
  })

  test('the signal ends the waiting, and close ends the listening', async () => {
    const prepared = await prepare()
    const abort = new AbortController()
    const answer = prepared.open(request({ signal: abort.signal }))
    abort.abort(new Error('given up'))
    await expect(answer).rejects.toThrow('given up')
    await prepared.close()
  })

  test('several sign-ins at once do not get into each other’s way', async () => {
    const all = await Promise.all([prepare(), prepare(), prepare()])
    const answers = all.map((one) => one.open(request()))
    await Promise.all(all.map((one, index) => fetch(`${one.redirectUri}?state=right&code=${index}`)))
    expect((await Promise.all(answers)).map((url) => new URL(url).searchParams.get('code'))).toEqual(['0', '1', '2'])
    await Promise.all(all.map((one) => one.close()))
  })

  test('section 8.3 a fixed port that is taken is an error that says so, not another address', async () => {
    const first = await prepare()
    const port = Number(new URL(first.redirectUri).port)
    expect(await failureOf(prepare({ port }))).toMatchObject({ code: 'port_in_use', retryable: true })
    const world = fakeWorld()
    const session = sessionIn(world, { interaction: loopback({ port, open: false, show: () => {} }) })
    expect((await failureOf(session.authorize())).code).toBe('port_in_use')
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(0)
    await first.close()
    await (await prepare({ port })).close()
  })

  test('beside another interaction it is not in the way', async () => {
    const first = await prepare()
    const port = Number(new URL(first.redirectUri).port)
    const interaction = [loopback({ port, open: false, show: () => {} }), follow()]
    expect((await sessionIn(fakeWorld(), { interaction }).authorize()).refreshable).toBe(true)
    await first.close()
  })
})

describe('C-087 the browser', () => {
  test('C-087 the URL is shown, and opened; a browser that does not open is no failure', async () => {
    const shown: string[] = []
    const opened: string[] = []
    const prepared = await prepare({
      show: (url) => void shown.push(url),
      open: (url) => {
        opened.push(url)
        throw new Error('no display')
      },
    })
    const answer = prepared.open(request())
    await fetch(`${prepared.redirectUri}?state=right&code=c`)
    await answer
    expect([shown, opened]).toEqual([[AUTHORIZATION], [AUTHORIZATION]])
    await prepared.close()
  })

  const refused = [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vbscript:x',
    'ms-msdt:/id',
    'http://example.com/',
    'ftp://localhost/',
    'https://example.com/\n--flag',
    'https://example.com/ x',
    'https://user@example.com/',
    '--help',
    '',
  ]
  test.each(refused)('C-089 SEC-030 %p is never handed to the system', async (url) => {
    expect((await failureOf(openBrowser(url))).code).toBe('url_refused')
  })
})

describe('end to end, with a browser that is a fetch', () => {
  const browse = (world: ReturnType<typeof fakeWorld>) => async (url: string) => {
    const response = await fetch(await approve(world)(url))
    expect(response.status).toBe(200)
  }

  test('R5 registered and authorized with the bound port, in a path of the issuer’s own', async () => {
    const world = fakeWorld()
    const session = sessionIn(world, { interaction: loopback({ open: browse(world), show: () => {} }) })
    await session.authorize()
    const registered = JSON.parse(world.sent('POST', 'https://as.example.com/register')[0]?.body ?? '').redirect_uris[0]
    expect(registered).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/callback\/[0-9a-f]{12}$/)
    expect(world.sent('GET', 'https://as.example.com/authorize')[0]?.query.get('redirect_uri')).toBe(registered)
    expect(world.sent('POST', 'https://as.example.com/token')[0]?.form.get('redirect_uri')).toBe(registered)
    await session.authorize({ force: true })
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(1)
    await expect(fetch(registered)).rejects.toThrow()
  })

  test('a pre-registered client has the path that is registered', async () => {
    const world = fakeWorld()
    const interaction = loopback({ open: browse(world), show: () => {} })
    await sessionIn(world, { interaction, client: { id: 'known', issuer: world.issuer } }).authorize()
    expect(world.sent('POST', 'https://as.example.com/token')[0]?.form.get('redirect_uri')).toEndWith('/callback')
  })

  test('an attacker’s callback with a wrong issuer fails the flow, whatever error it claims', async () => {
    const world = fakeWorld()
    const open = async (url: string) => {
      const { searchParams } = new URL(url)
      const evil = `${searchParams.get('redirect_uri')}?state=${searchParams.get('state')}&iss=https://evil.example&error=access_denied`
      expect((await fetch(evil)).status).toBe(400)
    }
    const session = sessionIn(world, { interaction: loopback({ open, show: () => {} }) })
    expect((await failureOf(session.authorize())).code).toBe('iss_mismatch')
  })
})

describe('R7 the pasted URL', () => {
  function terminal() {
    const input = new PassThrough()
    const output = new PassThrough()
    let text = ''
    output.on('data', (chunk) => {
      text += chunk
    })
    const urls = () => [...text.matchAll(/^ {2}(\S+)$/gm)].map((match) => match[1] ?? '')
    return { input, output, urls, text: () => text }
  }

  test('R7 alone: the URL is printed, the address is read', async () => {
    const world = fakeWorld()
    const { input, output, urls } = terminal()
    const authorizing = sessionIn(world, { interaction: paste(input, output) }).authorize()
    await new Promise((resolve) => output.once('data', resolve))
    input.write(`${await approve(world)(urls()[0] ?? '')}\n`)
    expect((await authorizing).issuer).toBe(world.issuer)
  })

  test('R7 an address that does not belong to the flow is asked for again', async () => {
    const world = fakeWorld()
    const { input, output, urls, text } = terminal()
    const authorizing = sessionIn(world, { interaction: paste(input, output) }).authorize()
    await new Promise((resolve) => output.once('data', resolve))
    const again = new Promise((resolve) => output.once('data', resolve))
    input.write('http://127.0.0.1:33418/callback?state=wrong&code=x\n')
    await again
    input.write(`${await approve(world)(urls()[0] ?? '')}\n`)
    await authorizing
    expect(text()).toContain('does not belong')
  })

  test('R7 beside the listener, on one redirect URI: whichever is first', async () => {
    for (const first of ['listener', 'terminal']) {
      const world = fakeWorld()
      const { input, output, urls } = terminal()
      const session = sessionIn(world, {
        interaction: [loopback({ open: false, show: () => {} }), paste(input, output)],
      })
      const authorizing = session.authorize()
      await new Promise((resolve) => output.once('data', resolve))
      const callback = await approve(world)(urls()[0] ?? '')
      if (first === 'terminal') input.write(`${callback}\n`)
      else await fetch(callback)
      expect((await authorizing).issuer).toBe(world.issuer)
      await expect(fetch(callback)).rejects.toThrow()
    }
  })

  test('R7 an input that has ended is an error, unless another interaction goes on', async () => {
    const world = fakeWorld()
    const { input, output } = terminal()
    input.end()
    expect((await failureOf(sessionIn(world, { interaction: paste(input, output) }).authorize())).code).toBe(
      'interaction_failed',
    )
  })
})
