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
} from '../../client/index.ts'
import type { FakeWorld } from './fake-authorization-server.ts'

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
