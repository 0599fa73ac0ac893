/**
 * Signing in on another device: what the client asks, shows, and waits for.
 *
 * @see RFC 8628
 *
 * @standard RFC 8628: Device Authorization Grant
 * @status partly
 * @does client: asks for a code, shows it and polls
 * @missing the server (sections 3.1 to 3.5): planned
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { PassThrough } from 'node:stream'
import {
  createSession,
  type DeviceCode,
  deviceCode,
  memoryStore,
  type SallyportErrorCode,
  type SessionEvent,
  type SessionOptions,
  showCode,
} from '../../client/index.ts'
import { paste } from '../../client/node/paste.ts'
import { failureOf } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'
const DEVICE = `${AS}/device`
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const CODE = {
  device_code: 'the device code',
  user_code: 'WDJB-MJHT',
  verification_uri: `${AS}/enter`,
  verification_uri_complete: `${AS}/enter?code=WDJB-MJHT`,
  expires_in: 600,
  interval: 5,
}

type Answer = () => Response | Promise<Response>
const pending: Answer = () => oauthError('authorization_pending')
const tokens: Answer = () => json({ access_token: 'a', token_type: 'Bearer', refresh_token: 'r', expires_in: 900 })

/** A server with this grant; `answers` are those of the token endpoint, the last one for ever. */
function devices(answers: readonly Answer[], code: object = CODE, fake: FakeOptions = {}) {
  const world = fakeWorld({
    ...fake,
    serverMetadata: { device_authorization_endpoint: DEVICE, ...fake.serverMetadata },
  })
  const waited: number[] = []
  const shown: DeviceCode[] = []
  let at = 0
  world.on('POST', DEVICE, () => json(code))
  world.on('POST', `${AS}/token`, () => {
    at += 1
    return (answers[at - 1] ?? answers.at(-1) ?? pending)()
  })
  const session = (options: SessionOptions = {}) =>
    createSession(world.resource, {
      grant: deviceCode(),
      interaction: showCode((one) => void shown.push(one)),
      fetch: world.fetch,
      now: world.now,
      sleep: async (seconds, signal) => {
        // As any real one, it lets others go on.
        await new Promise((resolve) => setTimeout(resolve))
        signal.throwIfAborted()
        waited.push(seconds)
        world.clock.now += seconds
      },
      ...options,
    })
  return { world, waited, shown, session, asked: () => world.sent('POST', `${AS}/token`) }
}

const registered = (world: FakeWorld) => world.sent('POST', `${AS}/register`).map(({ body }) => JSON.parse(body))

describe('section 3.1 the request', () => {
  test('C-074 client, scope and resource; the client registers for this grant, without a redirect URI', async () => {
    const { world, session } = devices([tokens])
    await session({ grant: deviceCode({ scope: 'read' }) }).authorize()
    expect(Object.fromEntries(world.sent('POST', DEVICE)[0]?.form ?? [])).toEqual({
      client_id: 'client-1',
      scope: 'read',
      resource: world.resource,
    })
    expect(registered(world)[0]).toMatchObject({
      grant_types: [GRANT, 'refresh_token'],
      redirect_uris: [],
      response_types: [],
      application_type: 'native',
    })
  })

  test('section 3.1 the client proves itself there as at the token endpoint', async () => {
    const { world, session } = devices([tokens])
    await session({ client: { id: 'tv', secret: 's', issuer: AS } }).authorize()
    expect(world.sent('POST', DEVICE)[0]?.headers.get('authorization')).toBe(`Basic ${btoa('tv:s')}`)
  })

  test('a registration for this grant and one for the code stand side by side', async () => {
    const { world, session } = devices([tokens])
    const store = memoryStore(world.now)
    const byCode = createSession(world.resource, { store, fetch: world.fetch, now: world.now })
    for (let round = 0; round < 2; round += 1) {
      await session({ store }).authorize({ force: true })
      await byCode.begin({ redirectUri: 'http://127.0.0.1:5000/callback' })
    }
    expect(registered(world).map(({ grant_types }) => grant_types[0])).toEqual([GRANT, 'authorization_code'])
  })
})

describe('section 3.3 what the person sees', () => {
  test('code, address, and how long they are good for', async () => {
    const { world, shown, session } = devices([pending, tokens])
    const began = world.clock.now
    let overBefore: boolean | undefined
    const onEvent = ({ type }: SessionEvent): void => {
      if (type === 'authorized') overBefore = shown[0]?.signal.aborted
    }
    await session({ onEvent }).authorize()
    expect(shown).toHaveLength(1)
    expect(shown[0]).toMatchObject({
      userCode: 'WDJB-MJHT',
      verificationUri: `${AS}/enter`,
      verificationUriComplete: `${AS}/enter?code=WDJB-MJHT`,
      expiresAt: began + 600,
    })
    // It disappears with the answer, not when all is stored and done.
    expect(overBefore).toBe(true)
  })

  test.each(['http://as.example.com/enter', 'javascript:alert(1)', 'file:///etc/passwd', 'https://u:p@as.example.com'])(
    'C-089 an address %s is not shown to anybody',
    async (verification_uri) => {
      const { shown, asked, session } = devices([tokens], { ...CODE, verification_uri })
      expect((await failureOf(session().authorize())).code).toBe('url_refused')
      expect([shown.length, asked().length]).toEqual([0, 0])
    },
  )

  test('on a terminal, beside where an address would be pasted', async () => {
    const output = new PassThrough()
    const { session } = devices([pending, tokens])
    await session({ interaction: paste(new PassThrough(), output) }).authorize()
    const text = String(output.read())
    expect(text).toContain(`${AS}/enter`)
    expect(text).toContain('WDJB-MJHT')
  })

  test('a code with control characters is refused: terminals obey them', async () => {
    const { shown, session } = devices([tokens], { ...CODE, user_code: '\u001b[2Jhello' })
    expect((await failureOf(session().authorize())).code).toBe('invalid_response')
    expect(shown).toEqual([])
  })

  test('nothing that can show it: an error, and nobody is kept waiting', async () => {
    const { waited, session } = devices([pending])
    expect((await failureOf(session({ interaction: [] }).authorize())).code).toBe('interaction_unavailable')
    expect(waited.length).toBeLessThanOrEqual(1)
  })

  test('showing that fails ends the sign-in, unless another interaction can', async () => {
    const broken = showCode(() => Promise.reject(new Error('no display')))
    const { session, shown } = devices([pending, tokens])
    const stuck = { grant: deviceCode(), interaction: broken, sleep: () => new Promise<void>(() => {}) }
    expect((await failureOf(session(stuck).authorize())).code).toBe('interaction_failed')
    await session({ interaction: [broken, showCode((one) => void shown.push(one))] }).authorize()
    expect(shown).toHaveLength(1)
  })
})

describe('section 3.5 the polling', () => {
  test('waits for the interval before each question', async () => {
    const { waited, asked, session } = devices([pending, pending, tokens])
    const grant = await session().authorize()
    expect(waited).toEqual([5, 5, 5])
    expect(grant.refreshable).toBe(true)
    expect(Object.fromEntries(asked()[2]?.form ?? [])).toMatchObject({
      grant_type: GRANT,
      device_code: CODE.device_code,
    })
  })

  test('section 3.2 without an interval: 5 seconds', async () => {
    const { waited, session } = devices([tokens], { ...CODE, interval: undefined })
    await session().authorize()
    expect(waited).toEqual([5])
  })

  test('slow_down: 5 seconds more, from then on', async () => {
    const slow: Answer = () => oauthError('slow_down')
    const { waited, session } = devices([pending, slow, pending, slow, tokens])
    await session().authorize()
    expect(waited).toEqual([5, 5, 10, 10, 15])
  })

  test('trouble on the way is waited out, less and less often, as the server asks', async () => {
    const down: Answer = () => Promise.reject(new TypeError('down'))
    const busy: Answer = () => json({}, 503, { 'retry-after': '100' })
    const { waited, session } = devices([down, down, busy, tokens])
    await session().authorize()
    expect(waited).toEqual([5, 10, 20, 100])
  })

  test('section 3.2 an interval of nothing, or of a year, is not believed', async () => {
    const none = devices([tokens], { ...CODE, interval: 0 })
    await none.session().authorize()
    const year = devices([tokens], { ...CODE, interval: 1e9 })
    await year.session().authorize()
    expect([none.waited, year.waited]).toEqual([[1], [300]])
  })

  const ends: readonly [string, Answer, SallyportErrorCode][] = [
    ['access_denied', () => oauthError('access_denied'), 'authorization_denied'],
    ['expired_token', () => oauthError('expired_token'), 'flow_expired'],
    ['invalid_grant', () => oauthError('invalid_grant'), 'invalid_grant'],
    ['another error', () => oauthError('invalid_request'), 'token_request_failed'],
  ]
  test.each(ends)('%s ends it', async (_name, answer, code) => {
    const { asked, session } = devices([pending, answer])
    expect((await failureOf(session().authorize())).code).toBe(code)
    expect(asked()).toHaveLength(2)
  })

  test('section 3.5 after the code has expired nothing is asked any more', async () => {
    const { asked, session } = devices([pending], { ...CODE, expires_in: 12 })
    expect((await failureOf(session().authorize())).code).toBe('flow_expired')
    expect(asked()).toHaveLength(2)
  })

  test("the caller's signal ends the waiting, and what is shown", async () => {
    const leave = new AbortController()
    const { shown, session } = devices([pending])
    const sleep = (_seconds: number, signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const signingIn = failureOf(session({ sleep }).authorize({ signal: leave.signal }))
    while (shown.length === 0) await Promise.resolve()
    leave.abort()
    expect((await signingIn).code).toBe('aborted')
    expect(shown[0]?.signal.aborted).toBe(true)
  })
})

describe('servers without it', () => {
  test('no endpoint: said so, before anything is registered or shown', async () => {
    const without = { serverMetadata: { device_authorization_endpoint: undefined } }
    const { world, shown, session } = devices([tokens], CODE, without)
    expect((await failureOf(session().authorize())).code).toBe('endpoint_missing')
    expect(world.sent('POST', `${AS}/register`)).toEqual([])
    expect(shown).toEqual([])
  })

  const refusals: readonly [string, Answer, SallyportErrorCode][] = [
    ['unauthorized_client', () => oauthError('unauthorized_client'), 'grant_unsupported'],
    ['invalid_client', () => oauthError('invalid_client', 401), 'invalid_client'],
    ['invalid_scope', () => oauthError('invalid_scope'), 'token_request_failed'],
    ['a page', () => new Response('<html>', { status: 400 }), 'server_unavailable'],
    ['503', () => json({}, 503), 'server_unavailable'],
    ['200 with something else', () => json({ hello: 'world' }), 'invalid_response'],
  ]
  test.each(refusals)('section 3.2 %s', async (_name, answer, code) => {
    const { world, session } = devices([tokens])
    world.on('POST', DEVICE, answer)
    expect((await failureOf(session().authorize())).code).toBe(code)
  })

  test('R6 a registration that the server has lost is renewed, once', async () => {
    const { world, session } = devices([tokens])
    const store = memoryStore(world.now)
    await session({ store }).authorize()
    world.on('POST', DEVICE, ({ form }) =>
      form.get('client_id') === 'client-1' ? oauthError('invalid_client', 401) : json(CODE),
    )
    expect((await session({ store }).authorize({ force: true })).clientId).not.toBe('client-1')
    expect(registered(world)).toHaveLength(2)
    world.on('POST', DEVICE, () => oauthError('invalid_client', 401))
    expect((await failureOf(session({ store }).authorize({ force: true }))).code).toBe('invalid_client')
    expect(registered(world)).toHaveLength(3)
    // One that was never good is no reason to make another.
    expect((await failureOf(session().authorize())).code).toBe('invalid_client')
    expect(registered(world)).toHaveLength(4)
  })

  test('fetch does not wait for a person: it throws, and authorize is where the code is shown', async () => {
    const { world, shown, session } = devices([tokens])
    expect(await failureOf(session().fetch(world.resource))).toMatchObject({ code: 'authorization_required' })
    expect(shown).toEqual([])
  })
})
