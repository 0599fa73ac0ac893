/**
 * The model of grants: what was granted, what was told, what ended. It says what must follow from a step, and takes it.
 *
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import { parseScope } from '../../shared/scope.ts'
import {
  approve,
  authorizationQuery,
  createTestServer,
  postForm,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  type TestServer,
  VERIFIER,
} from '../support/authorization-server.ts'
import type { Step } from './steps.ts'
import { CONFIG, OTHER_RESOURCE } from './world.ts'

interface Told {
  readonly value: string
  readonly consumedAt: number | null
  readonly successor: string | null
}

/** A grant as the model sees it. */
interface Life {
  readonly client: number
  readonly resource: string
  readonly scopes: readonly string[]
  readonly code: string
  readonly codeExpiresAt: number
  redeemed: boolean
  /** Nothing may come of it any more. */
  ended: boolean
  /** In the order in which they were told. */
  refreshTokens: Told[]
  readonly accessTokens: { readonly value: string; readonly expiresAt: number; revoked: boolean }[]
}

type Credentials = Readonly<Record<string, string>>

/** A server with three clients, public and confidential, on which lives begin. */
export async function createLives() {
  const server = await createTestServer(CONFIG)
  const methods = ['none', 'client_secret_post', 'client_secret_post']
  const clients = await Promise.all(
    methods.map(async (method): Promise<Credentials> => {
      const { client_id, client_secret } = await registerClient(server, { token_endpoint_auth_method: method })
      return { client_id, ...(client_secret === undefined ? {} : { client_secret }) }
    }),
  )
  return { begin: () => beginLife(server, clients), close: () => server.close() }
}

function beginLife(server: TestServer, clients: readonly Credentials[]) {
  const { clock, settings } = server
  const lives: Life[] = []
  const choose = (number: number): Life | undefined => lives[number % Math.max(lives.length, 1)]
  const who = (life: Life, other: number): Credentials => clients[(life.client + other) % clients.length] ?? {}
  // Every life has the limits for itself.
  clock.now += 60
  server.failures.length = 0
  server.events.length = 0

  async function send(
    path: string,
    form: Credentials,
    copies = 1,
  ): Promise<readonly { readonly status: number; readonly body: Readonly<Record<string, unknown>> }[]> {
    const responses = await Promise.all(Array.from({ length: copies }, () => postForm(server, path, form)))
    return Promise.all(
      responses.map(async (response) => ({ status: response.status, body: Object(await response.json()) })),
    )
  }

  /** What any success must be; it is noted. */
  function note(life: Life, body: Readonly<Record<string, unknown>>): string {
    const accessToken = String(body['access_token'])
    const claims = decodeJwt(accessToken)
    expect(life.ended).toBe(false)
    expect({ aud: claims.aud, sub: claims.sub, client_id: claims['client_id'], scope: claims['scope'] }).toEqual({
      aud: life.resource,
      sub: server.userId,
      client_id: clients[life.client]?.['client_id'],
      scope: body['scope'],
    })
    const scopes = parseScope(String(body['scope']))
    expect(scopes.filter((scope) => !life.scopes.includes(scope))).toEqual([])
    life.accessTokens.push({ value: accessToken, expiresAt: claims.exp ?? 0, revoked: false })
    const refreshToken = String(body['refresh_token'])
    for (const other of lives)
      if (other !== life) expect(other.refreshTokens.map(({ value }) => value)).not.toContain(refreshToken)
    if (!life.refreshTokens.some(({ value }) => value === refreshToken))
      life.refreshTokens.push({ value: refreshToken, consumedAt: null, successor: null })
    return refreshToken
  }

  const take: { readonly [Do in Step['do']]: (step: Extract<Step, { do: Do }>) => Promise<void> } = {
    async authorize({ client, resource, scopes }) {
      const asked = resource === 0 ? RESOURCE : OTHER_RESOURCE
      const query = await authorizationQuery(clients[client]?.['client_id'] ?? '', {
        scope: scopes.join(' '),
        resource: asked,
      })
      const code = (await approve(server, query)).searchParams.get('code') ?? ''
      const codeExpiresAt = clock.now + settings.code.lifetime
      lives.push({
        client,
        resource: asked,
        scopes,
        code,
        codeExpiresAt,
        redeemed: false,
        ended: false,
        refreshTokens: [],
        accessTokens: [],
      })
    },

    async redeem({ grant, client, wrong, copies }) {
      const life = choose(grant)
      if (life === undefined) return
      const form = {
        grant_type: 'authorization_code',
        code: wrong === 'code' ? `${life.code.slice(0, -1)}_` : life.code,
        code_verifier: wrong === 'verifier' ? VERIFIER.toUpperCase() : VERIFIER,
        redirect_uri: wrong === 'redirect_uri' ? `${REDIRECT_URI}/` : REDIRECT_URI,
        ...(wrong === 'resource' ? { resource: life.resource === RESOURCE ? OTHER_RESOURCE : RESOURCE } : {}),
        ...who(life, client),
      }
      const answers = await send('/oauth/token', form, copies)
      const good = answers.filter(({ status }) => status === 200)
      const right = wrong === 'nothing' && client % clients.length === 0
      const first = right && !life.redeemed && !life.ended && clock.now < life.codeExpiresAt
      expect(good.length).toBe(first ? 1 : 0)
      for (const { body } of good) note(life, body)
      if (first) life.redeemed = true
      // Two parties held the code: whatever came of it has ended.
      if (right && life.redeemed && (!first || copies > 1)) life.ended = true
    },

    async refresh({ grant, age, client, resource, scopes, copies }) {
      const life = choose(grant)
      const token = life?.refreshTokens.at(-1 - (age % Math.max(life.refreshTokens.length, 1)))
      if (life === undefined || token === undefined) return
      const other = life.resource === RESOURCE ? OTHER_RESOURCE : RESOURCE
      const form = {
        grant_type: 'refresh_token',
        refresh_token: token.value,
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
        ...(resource === 'none' ? {} : { resource: resource === 'same' ? life.resource : other }),
        ...who(life, client),
      }
      const answers = await send('/oauth/token', form, copies)
      const good = answers.filter(({ status }) => status === 200)
      const isOwner = client % clients.length === 0
      const asked = scopes.filter((scope) => scope !== 'offline_access')
      const within = resource !== 'other' && asked.every((scope) => life.scopes.includes(scope))
      const successor = life.refreshTokens.find(({ value }) => value === token.successor)
      const inWindow =
        token.consumedAt === null ||
        (clock.now - token.consumedAt <= settings.refresh.replay_window && successor?.consumedAt === null)
      const may = isOwner && !life.ended && inWindow
      expect(good.length).toBe(may && within ? copies : 0)
      for (const { body } of good) {
        const next = note(life, body)
        if (asked.length > 0)
          expect(parseScope(String(body['scope'])).filter((scope) => !asked.includes(scope))).toEqual([])
        const known: Told | undefined = life.refreshTokens.find(({ value }) => value === token.value)
        // All who are answered are told the same successor.
        expect(known?.successor ?? next).toBe(next)
        life.refreshTokens = life.refreshTokens.map((one) =>
          one.value === token.value ? { ...one, consumedAt: one.consumedAt ?? clock.now, successor: next } : one,
        )
      }
      // A used token that comes back too late has two owners.
      if (isOwner && !inWindow) life.ended = true
    },

    async revoke({ grant, age, client, kind }) {
      const life = choose(grant)
      const tokens = kind === 'refresh' ? life?.refreshTokens : life?.accessTokens
      const token = tokens?.at(-1 - (age % Math.max(tokens.length, 1)))
      if (life === undefined || token === undefined) return
      const [answer] = await send('/oauth/revoke', { token: token.value, ...who(life, client) })
      const isOwner = client % clients.length === 0
      if (!isOwner) return
      expect(answer?.status).toBe(200)
      if (kind === 'refresh') life.ended = true
      const access = life.accessTokens.find(({ value }) => value === token.value)
      if (access !== undefined) access.revoked = true
    },

    async introspect({ grant, age, client, kind }) {
      const life = choose(grant)
      const tokens = kind === 'refresh' ? life?.refreshTokens : life?.accessTokens
      const token = tokens?.at(-1 - (age % Math.max(tokens.length, 1)))
      if (life === undefined || token === undefined) return
      const [answer] = await send('/oauth/introspect', { token: token.value, ...who(life, client) })
      if (answer?.body['active'] !== true) {
        // Not a word more than that.
        if (answer?.status === 200) expect(answer.body).toEqual({ active: false })
        return
      }
      expect([client % clients.length, life.ended, answer.body['client_id']]).toEqual([
        0,
        false,
        clients[life.client]?.['client_id'],
      ])
      const access = life.accessTokens.find(({ value }) => value === token.value)
      if (access !== undefined)
        expect([access.revoked, clock.now < access.expiresAt, answer.body['aud']]).toEqual([false, true, life.resource])
      if ('consumedAt' in token) expect(token.consumedAt).toBe(null)
    },

    async withdraw({ grant }) {
      const life = choose(grant)
      const [access] = life?.accessTokens ?? []
      if (life === undefined || access === undefined) return
      const [grantId = ''] = decodeJwt(access.value).jti?.split('.') ?? []
      expect(await server.as.revokeGrant(grantId, 'usr_somebody_else')).toBe(false)
      expect(await server.as.revokeGrant(grantId, server.userId)).toBe(!life.ended)
      life.ended = true
    },

    async wait({ seconds }) {
      clock.now += seconds
    },
  }

  return {
    async take(step: Step): Promise<void> {
      await dispatch(take, step)
      expect(server.failures).toEqual([])
    },

    /** At the end: a live grant still gives tokens, and of one that ended nothing counts. */
    async expectNothingOutlives(): Promise<void> {
      for (const life of lives) {
        for (const { value, revoked } of life.accessTokens) {
          const { jti = '' } = decodeJwt(value)
          expect(await server.as.isLive({ jti })).toBe(!life.ended && !revoked)
        }
        const newest = life.refreshTokens.findLast(({ consumedAt }) => consumedAt === null)
        if (newest === undefined) continue
        const [answer] = await send('/oauth/token', {
          grant_type: 'refresh_token',
          refresh_token: newest.value,
          ...who(life, 0),
        })
        expect(answer?.status).toBe(life.ended ? 400 : 200)
      }
    },
  }
}

type Takes = { readonly [Do in Step['do']]: (step: Extract<Step, { do: Do }>) => Promise<void> }

function dispatch(take: Takes, step: Step): Promise<void> {
  switch (step.do) {
    case 'authorize':
      return take.authorize(step)
    case 'redeem':
      return take.redeem(step)
    case 'refresh':
      return take.refresh(step)
    case 'revoke':
      return take.revoke(step)
    case 'introspect':
      return take.introspect(step)
    case 'withdraw':
      return take.withdraw(step)
    case 'wait':
      return take.wait(step)
  }
}
