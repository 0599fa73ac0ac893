/**
 * Login CSRF: somebody else's authorization response is brought to the client, so that the person works in the attacker's account.
 *
 * @see RFC 9700 section 4.7
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { loopback } from '../../client/node/index.ts'
import { approve, failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'

const CALLBACK = 'https://app.example.com/cb'
const TOKEN = 'https://as.example.com/token'

describe('C-083 the state binds the response to the flow', () => {
  test("C-083 the attacker's response does not fit the victim's flow", async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    const [attackers, victims] = [
      await session.begin({ redirectUri: CALLBACK }),
      await session.begin({ redirectUri: CALLBACK }),
    ]
    const callback = await approve(world)(attackers.url)
    expect((await failureOf(session.complete(victims, callback))).code).toBe('state_mismatch')
    expect(world.sent('POST', TOKEN)).toEqual([])
    await session.complete(victims, await approve(world)(victims.url))
  })

  test("C-073 the attacker's code in the victim's response fails by the verifier", async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    const [attackers, victims] = [
      await session.begin({ redirectUri: CALLBACK }),
      await session.begin({ redirectUri: CALLBACK }),
    ]
    const stolen = new URL(await approve(world)(attackers.url)).searchParams.get('code') ?? ''
    const injected = new URL(await approve(world)(victims.url))
    injected.searchParams.set('code', stolen)
    expect((await failureOf(session.complete(victims, injected))).code).toBe('invalid_grant')
    expect(await session.status()).toBe('signed-out')
  })

  test('C-083 a page that fires requests at the listener changes nothing', async () => {
    const world = fakeWorld()
    const open = async (url: string): Promise<void> => {
      const redirectUri = new URL(url).searchParams.get('redirect_uri') ?? ''
      for (const query of [
        'code=evil',
        'code=evil&state=',
        'code=evil&state=guess',
        'error=access_denied',
        'error=access_denied&state=guess',
      ]) {
        expect((await fetch(`${redirectUri}?${query}&iss=${world.issuer}`)).status).toBe(404)
      }
      const { searchParams } = new URL(url)
      const twice = `${redirectUri}?state=${searchParams.get('state')}&state=x&code=evil`
      expect((await fetch(twice)).status).toBe(404)
      await fetch(await approve(world)(url))
    }
    const session = sessionIn(world, { interaction: loopback({ open, show: () => {} }) })
    await session.authorize()
    expect(world.sent('POST', TOKEN).map(({ form }) => form.get('code'))).toEqual(['code-2'])
  })
})
