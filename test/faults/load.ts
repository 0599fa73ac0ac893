/**
 * What applications and people do, many at once, until the server is gone. Every answer goes into the ledger.
 *
 * @module
 */
import * as v from 'valibot'
import { TokenResponse } from '../../shared/token-response.ts'
import { authorizationQuery, codeForm, postForm, registerClient } from '../support/authorization-server.ts'
import { assertionForm, createSigning, signer } from '../support/confidential-clients.ts'
import type { Person } from '../support/person.ts'
import type { Served } from '../support/process-flow.ts'
import type { Chance } from './chance.ts'
import type { Family, KnownClient, KnownCode, Ledger } from './ledger.ts'

export interface Load {
  readonly server: Served
  readonly issuer: string
  readonly ledger: Ledger
  readonly chance: Chance
  /** Signed in. */
  readonly person: Person
  /** True: everybody stops after what they are doing. */
  readonly over: () => boolean
  /** Statuses that may come instead of an answer, such as 503 during an outage. Default: none. */
  readonly excused?: readonly number[]
  /** True: a connection may break, because a process of several was killed. Default: never. */
  readonly mayBreak?: () => boolean
  /** Told of each write that was acknowledged. */
  readonly onAcknowledged?: () => void
}

/** Applications that are busy at the same time. */
const ACTORS = 12

/** Signs the person in. One after the other: the brake on guessing counts those that it has not judged yet. */
export async function signIn({ server, issuer, person }: Pick<Load, 'server' | 'issuer' | 'person'>): Promise<void> {
  const { client_id } = await registerClient(server)
  await person.visit(`${issuer}/oauth/authorize?${await authorizationQuery(client_id)}`)
}

/** Resolves when everybody has stopped. Rejects for an answer that should not have been given. */
export async function run(load: Load): Promise<void> {
  await Promise.all(Array.from({ length: ACTORS }, () => act(load)))
}

/** Each actor has clients, codes and families of its own, so that what it is told is not changed by others. */
async function act(load: Load): Promise<void> {
  const own: Own = { clients: [], codes: [], families: [] }
  while (!load.over()) await step(load, own)
}

interface Own {
  readonly clients: KnownClient[]
  readonly codes: KnownCode[]
  readonly families: Family[]
}

async function step(load: Load, own: Own): Promise<void> {
  const { chance } = load
  const client = chance.pick(own.clients)
  const code = own.codes.pop()
  const family = chance.pick(own.families.filter(({ revoked }) => revoked === 'no'))
  const dice = chance.next()
  if (client === undefined || dice < 0.15) return register(load, own)
  if (code !== undefined && dice < 0.9) return dice < 0.2 ? redeemTwice(load, code) : redeem(load, own, code)
  if (family === undefined || dice < 0.4) return authorize(load, own, client)
  if (dice < 0.85) return refresh(load, family)
  if (dice < 0.91) return refreshTwice(load, family)
  if (dice < 0.94) return revokeAccessToken(load, family)
  if (dice < 0.97) return useAssertion(load)
  return revoke(load, family)
}

async function register(load: Load, own: Own): Promise<void> {
  const method = load.chance.next() < 0.5 ? 'none' : 'client_secret_post'
  const answer = await ask(load, () => registerClient(load.server, { token_endpoint_auth_method: method }))
  if (answer === null) return
  const client: KnownClient = { id: answer.client_id, secret: answer.client_secret ?? null, consented: false }
  own.clients.push(client)
  load.ledger.clients.push(client)
  acknowledge(load)
}

async function authorize(load: Load, own: Own, client: KnownClient): Promise<void> {
  const query = await authorizationQuery(client.id)
  const callback = await ask(load, () => load.person.visit(`${load.issuer}/oauth/authorize?${query}`))
  const code = callback?.searchParams.get('code')
  if (code === null || code === undefined) return
  const known: KnownCode = { code, client, redeemed: 'no' }
  client.consented = client.secret !== null
  own.codes.push(known)
  load.ledger.codes.push(known)
  acknowledge(load)
}

async function redeem(load: Load, own: Own, code: KnownCode): Promise<void> {
  code.redeemed = 'asked'
  const answer = await askForTokens(load, formOf(code))
  if (answer === null) return
  if (answer === 'refused') throw new Error('a code that was never used was refused')
  code.redeemed = 'done'
  own.families.push(remember(load, code.client, answer))
}

/** A thief has the code too: one of them gets tokens at most, and then they are worth nothing. */
async function redeemTwice(load: Load, code: KnownCode): Promise<void> {
  code.redeemed = 'asked'
  const answers = await Promise.all([1, 2].map(() => askForTokens(load, formOf(code))))
  const received = answers.filter((answer) => answer !== null && answer !== 'refused')
  if (received.length > 1) throw new Error('a code was redeemed twice')
  const [tokens] = received
  if (tokens === undefined) return
  code.redeemed = 'done'
  // Without the other's answer nobody knows whether it was noticed.
  remember(load, code.client, tokens).revoked = answers.includes('refused') ? 'done' : 'asked'
}

async function refresh(load: Load, family: Family): Promise<void> {
  const answer = await askForTokens(load, refreshForm(family))
  if (answer === null) return
  if (answer === 'refused') throw new Error('a refresh token that was never used was refused')
  advance(load, family, answer)
}

/** Two processes of one host: within the replay window both get the same answer. */
async function refreshTwice(load: Load, family: Family): Promise<void> {
  const answers = await Promise.all([1, 2].map(() => askForTokens(load, refreshForm(family))))
  if (answers.includes('refused')) throw new Error('a refresh token was refused within the replay window')
  const received = answers.filter((answer) => answer !== null && answer !== 'refused')
  if (new Set(received.map(({ refresh_token }) => refresh_token)).size > 1)
    throw new Error('a token has two successors')
  const [tokens] = received
  if (tokens !== undefined) advance(load, family, tokens)
}

async function revoke(load: Load, family: Family): Promise<void> {
  family.revoked = 'asked'
  if (!(await askToRevoke(load, { token: family.head, ...credentials(family.client) }))) return
  family.revoked = 'done'
  acknowledge(load)
}

/** Of the family the other tokens live on. */
async function revokeAccessToken(load: Load, { accessToken, client }: Family): Promise<void> {
  if (!(await askToRevoke(load, { token: accessToken, ...credentials(client) }))) return
  load.ledger.revokedTokens.push(accessToken)
  acknowledge(load)
}

/** Revokes nothing, and uses up an assertion that is good for an hour. */
async function useAssertion(load: Load): Promise<void> {
  const { key, jwks } = await createSigning()
  const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks }
  const client = await ask(load, () => registerClient(load.server, metadata))
  if (client === null) return
  const clock = { now: Math.floor(Date.now() / 1000) }
  const sign = signer({ issuer: load.issuer, clock }, client.client_id, key, 'ES256')
  const assertion = await sign({ exp: clock.now + 3600 })
  if (!(await askToRevoke(load, { token: 'unknown', ...assertionForm(assertion) }))) return
  load.ledger.assertions.push(assertion)
  acknowledge(load)
}

/** False when there was no answer, or one that is excused. */
async function askToRevoke(load: Load, form: Parameters<typeof postForm>[2]): Promise<boolean> {
  const answer = await ask(load, () => postForm(load.server, '/oauth/revoke', form))
  if (answer === null || isExcused(load, answer)) return false
  if (answer.status !== 200) throw new Error(`a revocation was answered ${answer.status}`)
  return true
}

const credentials = ({ id, secret }: KnownClient) => ({ client_id: id, client_secret: secret ?? undefined })

export const formOf = ({ code, client }: KnownCode) => ({ ...codeForm(client.id, code), ...credentials(client) })

export const refreshForm = ({ head, client }: Family) => ({
  grant_type: 'refresh_token',
  refresh_token: head,
  ...credentials(client),
})

export type Tokens = v.InferOutput<typeof TokenResponse> & { readonly refresh_token: string }

/** The tokens; `refused` for `invalid_grant`; null when there was no answer, or one that is excused. */
export async function askForTokens(
  load: Pick<Load, 'server' | 'over' | 'excused' | 'mayBreak'>,
  form: Parameters<typeof postForm>[2],
): Promise<Tokens | 'refused' | null> {
  const answer = await ask(load, async () => {
    const response = await postForm(load.server, '/oauth/token', form)
    return { status: response.status, headers: response.headers, body: await response.json() }
  })
  if (answer === null || isExcused(load, answer)) return null
  if (answer.status === 400 && answer.body.error === 'invalid_grant') return 'refused'
  if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}`)
  const tokens = v.parse(TokenResponse, answer.body)
  if (tokens.refresh_token === undefined) throw new Error('there is no refresh token')
  return { ...tokens, refresh_token: tokens.refresh_token }
}

function remember(load: Load, client: KnownClient, tokens: Tokens): Family {
  const family: Family = { client, head: tokens.refresh_token, accessToken: tokens.access_token, revoked: 'no' }
  load.ledger.families.push(family)
  load.ledger.accessTokens.push(tokens.access_token)
  acknowledge(load)
  return family
}

function advance(load: Load, family: Family, tokens: Tokens): void {
  family.head = tokens.refresh_token
  family.accessToken = tokens.access_token
  load.ledger.accessTokens.push(tokens.access_token)
  acknowledge(load)
}

function acknowledge({ ledger, onAcknowledged }: Load): void {
  ledger.acknowledged += 1
  onAcknowledged?.()
}

/** Null when the connection broke; whatever else goes wrong, and a connection that breaks without reason, is an error. */
async function ask<Answer>(
  load: Pick<Load, 'over' | 'excused' | 'mayBreak'>,
  request: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await request()
  } catch (error) {
    if (load.over() || (load.excused ?? []).some((status) => String(error).includes(`${status}`))) return null
    // What the runtime throws has a code; what these tests throw has none.
    if (load.mayBreak?.() === true && error instanceof Error && 'code' in error) return null
    throw error
  }
}

/** An outage is said in the way that lets clients try again. */
function isExcused({ excused = [] }: Pick<Load, 'excused'>, { status, headers }: Pick<Response, 'status' | 'headers'>) {
  if (!excused.includes(status)) return false
  if (headers.get('retry-after') === null) throw new Error(`${status} without Retry-After`)
  return true
}
