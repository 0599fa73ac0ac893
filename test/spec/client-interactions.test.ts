/**
 * Several ways to ask a person, side by side: they share a redirect URI, the first answer counts, and nothing of the others is left.
 *
 * @see RFC 8252 section 8.3: the listener is there for the request, and not longer
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { popup } from '../../client/browser/popup.ts'
import type { Interaction, InteractionContext, InteractionRequest } from '../../client/index.ts'
import { approve, failureOf, gate, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'

/** An interaction that writes down what happens to it. */
function recorded(
  name: string,
  open: (request: InteractionRequest) => string | Promise<string>,
  prepare: (context: InteractionContext) => string | undefined = ({ redirectUri }) =>
    redirectUri ?? `http://127.0.0.1:5000/${name}`,
) {
  const log: string[] = []
  const interaction: Interaction = {
    name,
    async prepare(context) {
      log.push('prepared')
      const redirectUri = prepare(context)
      if (redirectUri === undefined) return undefined
      return {
        redirectUri,
        open: (request) => {
          log.push('opened')
          request.signal.addEventListener('abort', () => log.push('told to stop'))
          return Promise.resolve(open(request))
        },
        close: async () => void log.push('closed'),
      }
    },
  }
  return { interaction, log }
}

const never = (): Promise<string> => new Promise(() => {})

describe('side by side', () => {
  test('R7 the first one fixes the redirect URI, the first answer counts, the others are told and closed', async () => {
    const world = fakeWorld()
    const slow = recorded('slow', never)
    const quick = recorded('quick', ({ url }) => approve(world)(url))
    await sessionIn(world, { interaction: [slow.interaction, quick.interaction] }).authorize()
    const asked = world.sent('GET', `${world.as}/authorize`)
    expect(asked.map(({ query }) => query.get('redirect_uri'))).toEqual(['http://127.0.0.1:5000/slow'])
    expect(slow.log).toEqual(['prepared', 'opened', 'told to stop', 'closed'])
    expect(quick.log).toContain('closed')
  })

  test('R7 one that fails leaves it to the others, however it fails', async () => {
    const world = fakeWorld()
    const good = recorded('good', ({ url }) => approve(world)(url))
    const failures = [
      recorded('rejects', () => Promise.reject(new Error('no display'))),
      recorded('throws', () => {
        throw new Error('no display')
      }),
      recorded('cannot be prepared', never, () => {
        throw new Error('no socket')
      }),
      recorded('declines', never, () => undefined),
    ]
    for (const { interaction } of failures) {
      const both = [interaction, good.interaction]
      expect((await sessionIn(world, { interaction: both }).authorize()).issuer).toBe(world.issuer)
      expect((await sessionIn(world, { interaction: both.toReversed() }).authorize()).issuer).toBe(world.issuer)
    }
  })

  test('all of them fail: the first one says why', async () => {
    const world = fakeWorld()
    const interactions = ['one', 'two'].map((name) => recorded(name, () => Promise.reject(new Error(name))))
    const failure = await failureOf(
      sessionIn(world, { interaction: interactions.map((one) => one.interaction) }).authorize(),
    )
    expect(failure).toMatchObject({ code: 'interaction_failed', cause: { message: 'one' } })
    for (const { log } of interactions) expect(log).toContain('closed')
  })

  test('none is able to run here: said so, and nothing was registered for nothing', async () => {
    const world = fakeWorld()
    const declining = recorded('declines', never, () => undefined)
    const failure = await failureOf(sessionIn(world, { interaction: declining.interaction }).authorize())
    expect(failure).toMatchObject({ code: 'interaction_unavailable', interactive: true })
    expect(world.sent('POST', `${world.as}/register`)).toEqual([])
  })
})

describe('a window that the browser does not open', () => {
  const redirectUri = 'http://localhost:3000/callback'
  const blocked = popup({ redirectUri, open: () => null })

  test('is an error that says so, and the others go on', async () => {
    const world = fakeWorld()
    const failure = await failureOf(blocked.during(() => sessionIn(world, { interaction: blocked }).authorize()))
    expect(failure).toMatchObject({ code: 'interaction_unavailable', interactive: true })
    const other = recorded('other', ({ url }) => approve(world)(url))
    await sessionIn(world, { interaction: [blocked, other.interaction] }).authorize()
    expect(world.sent('GET', `${world.as}/authorize`).at(-1)?.query.get('redirect_uri')).toBe(redirectUri)
  })

  test('it has one redirect URI, and declines any other', async () => {
    const world = fakeWorld()
    const first = recorded('first', ({ url }) => approve(world)(url))
    await sessionIn(world, { interaction: [first.interaction, blocked] }).authorize()
    const client = { id: 'known', issuer: world.issuer, redirectUris: ['http://localhost:3000/other'] }
    const failure = await failureOf(sessionIn(world, { client, interaction: blocked }).authorize())
    expect(failure.code).toBe('interaction_unavailable')
    expect(failure.cause).toBeUndefined()
  })
})

describe('one that is cancelled cleans up', () => {
  test("by the caller's signal, while the person is busy", async () => {
    const world = fakeWorld()
    const leave = new AbortController()
    const busy = [recorded('one', never), recorded('two', never)]
    const signingIn = failureOf(
      sessionIn(world, { interaction: busy.map((one) => one.interaction) }).authorize({ signal: leave.signal }),
    )
    while (!busy.every(({ log }) => log.includes('opened'))) await new Promise((resolve) => setTimeout(resolve))
    leave.abort()
    expect((await signingIn).code).toBe('aborted')
    await new Promise((resolve) => setTimeout(resolve))
    for (const { log } of busy) expect(log).toEqual(['prepared', 'opened', 'told to stop', 'closed'])
  })

  test('while another one gets ready: what is ready is closed, and what becomes ready later too', async () => {
    const world = fakeWorld()
    const leave = new AbortController()
    const ready = recorded('ready', never)
    const late = recorded('late', never)
    const [asked, goOn] = [gate(), gate()]
    const slow: Interaction = {
      name: 'slow',
      async prepare(context) {
        asked.open()
        await goOn.opened
        return late.interaction.prepare(context)
      },
    }
    const signingIn = failureOf(
      sessionIn(world, { interaction: [ready.interaction, slow] }).authorize({ signal: leave.signal }),
    )
    await asked.opened
    leave.abort()
    expect((await signingIn).code).toBe('aborted')
    await new Promise((resolve) => setTimeout(resolve))
    expect(ready.log).toEqual(['prepared', 'closed'])
    goOn.open()
    await new Promise((resolve) => setTimeout(resolve))
    expect(late.log).toEqual(['prepared', 'closed'])
  })

  test('an error after the answer closes them as well', async () => {
    const world = fakeWorld()
    const one = recorded('one', () => 'http://127.0.0.1:5000/one?code=x&state=of-somebody-else')
    await failureOf(sessionIn(world, { interaction: one.interaction }).authorize())
    expect(one.log).toContain('closed')
  })
})
