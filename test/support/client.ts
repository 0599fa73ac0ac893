/**
 * What the client's tests have in common: sessions in a fake world, and errors as values.
 *
 * @module
 */
import {
  createSession,
  follow,
  type Interaction,
  SallyportError,
  type Session,
  type SessionOptions,
  type Store,
} from '../../client/index.ts'
import { type FakeOptions, type FakeWorld, fakeWorld } from './fake-authorization-server.ts'

/** A session in `world` that signs in without a person. */
export function sessionIn(world: FakeWorld, options: SessionOptions = {}): Session {
  return createSession(world.resource, { fetch: world.fetch, now: world.now, interaction: follow(), ...options })
}

/** A session that needs a person, whose part `answer` plays: it is given the authorization URL and returns the callback. */
export function attendedSessionIn(
  world: FakeWorld,
  answer: (url: string) => string | Promise<string>,
  options: SessionOptions = {},
): Session {
  return sessionIn(world, { ...options, interaction: person(answer) })
}

/** An interaction that is not unattended. */
export function person(answer: (url: string) => string | Promise<string>): Interaction {
  return {
    name: 'person',
    prepare: async () => ({
      redirectUri: 'http://127.0.0.1:5000/callback',
      open: async ({ url }) => answer(url),
      close: async () => {},
    }),
  }
}

/** Approves: follows the authorization URL to the callback. */
export const approve =
  (world: FakeWorld) =>
  async (url: string): Promise<string> =>
    (await world.fetch(url, { redirect: 'manual' })).headers.get('location') ?? ''

/** The error of a promise that must reject with ours. */
export async function failureOf(promise: Promise<unknown>): Promise<SallyportError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SallyportError) return error
    throw error
  }
  throw new Error('expected a SallyportError, and nothing was thrown')
}

/** A promise that is resolved by hand. */
export const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** A session that has signed in, needs a person for the next time, and counts how often it was asked. */
export async function signedIn(fake: FakeOptions = {}, options: SessionOptions = {}) {
  const world = fakeWorld({ expiresIn: 900, ...fake })
  const opened: string[] = []
  const open = (url: string): Promise<string> => {
    opened.push(url)
    return approve(world)(url)
  }
  const session = attendedSessionIn(world, open, options)
  await session.authorize()
  const refreshes = () =>
    world.sent('POST', `${world.as}/token`).filter(({ form }) => form.get('grant_type') === 'refresh_token')
  const call = () => session.fetch(world.resource, { method: 'POST', body: '{}' })
  return { world, session, opened, refreshes, call }
}

/** The same store for somebody who does not lock. */
export const lockless = (store: Store): Store => ({
  ...store,
  lock: (_key, work) => work(new AbortController().signal),
})
