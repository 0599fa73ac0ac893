/**
 * Token requests with a proof, as a client sends them: with the nonce that the server wants, and once more when it wants another.
 *
 * @module
 */
import { skip } from '../core/check.ts'
import type { Control } from '../core/controls.ts'
import type { Answer, HeaderRecord } from '../core/http.ts'
import { createKeys, type Keys, type Members, readJwt, SIGNING_ALGORITHMS } from '../jose/jws.ts'
import type { ProofTarget } from '../jose/proof.ts'
import { goodProof, type MakeProof } from '../jose/wrong-proofs.ts'
import type { Client } from './clients.ts'
import { type AsContext, type Code, type Tokens, toTokens } from './context.ts'
import { claimsOf } from './introspection.ts'
import { errorOf, givesToken } from './judge.ts'

export const ALGORITHMS_MEMBER = 'dpop_signing_alg_values_supported'

/** What the server says about algorithms for proofs, whatever it is. Skips where it says nothing. */
export async function saidAlgorithms(ctx: AsContext): Promise<unknown> {
  const said = (await ctx.metadata())[ALGORITHMS_MEMBER]
  return said ?? skip(`the metadata do not offer DPoP (${ALGORITHMS_MEMBER})`)
}

/** The algorithms that the server lists. A list that is none still means that proofs are taken: the checks then go by the usual one. */
export async function offeredAlgorithms(ctx: AsContext): Promise<readonly string[]> {
  const said = await saidAlgorithms(ctx)
  const listed = Array.isArray(said) ? said.filter((alg): alg is string => typeof alg === 'string') : []
  return listed.length === 0 ? ['ES256'] : listed
}

const made = new Map<string, Promise<Keys>>()

/** Keys of the first of our algorithms that the server lists. `which`: the same name gives the same keys. */
export async function proofKeys(ctx: AsContext, which = 'first', algorithm?: string): Promise<Keys> {
  const offered = await offeredAlgorithms(ctx)
  const alg =
    algorithm ??
    SIGNING_ALGORITHMS.find((one) => offered.includes(one)) ??
    skip('no algorithm is on offer that can be used here')
  const name = `${which} ${alg}`
  const keys = made.get(name) ?? createKeys(alg)
  made.set(name, keys)
  return keys
}

/** What a token request is, but for its proof. */
type Ask = (headers: HeaderRecord) => Promise<Answer>

/** The answer to `withProof`, unless the server wants yet another nonce: then nothing can be said of the proof. */
export function judged(answer: Answer): Answer {
  return errorOf(answer) === 'use_dpop_nonce' ? skip('the server takes none of its own nonces') : answer
}

/** Sends a request with a proof; a second time with the nonce, where the server answers that it wants one. */
export async function withProof(ctx: AsContext, keys: Keys, ask: Ask, make: MakeProof = goodProof()): Promise<Answer> {
  const first = await ask({ dpop: await make(keys, await targetOf(ctx), {}) })
  const nonce = first.headers.get('dpop-nonce')
  if (errorOf(first) !== 'use_dpop_nonce' || nonce === null) return first
  return ask({ dpop: await make(keys, await targetOf(ctx), { nonce }) })
}

export async function targetOf(ctx: AsContext): Promise<ProofTarget> {
  return { method: 'POST', url: await ctx.endpoint('token_endpoint'), now: ctx.options.now() }
}

/** Redeems a new code with a proof. */
export async function redeemBound(ctx: AsContext, make?: MakeProof, code?: Code): Promise<Answer> {
  const keys = await proofKeys(ctx)
  const fresh = code ?? (await ctx.code())
  const answer = await withProof(ctx, keys, (headers) => ctx.redeem(fresh, {}, headers), make)
  if (make === undefined && toTokens(fresh.client, answer) !== undefined) takesProofs(ctx).saw()
  return answer
}

/** A good proof is accepted. */
export const takesProofs = (ctx: AsContext): Control =>
  ctx.control('takes proofs', async () => {
    const answer = judged(await redeemBound(ctx))
    return givesToken(answer) ? undefined : `a good proof is refused: ${answer.summary}`
  })

/** A bound refresh token is exchanged with a proof by its key. */
export const refreshesBound = (ctx: AsContext): Control =>
  ctx.control('refreshes with proofs', async () => {
    const [keys, tokens] = [await proofKeys(ctx), await boundRefreshable(ctx)]
    const answer = judged(await withProof(ctx, keys, (headers) => ctx.refresh(tokens, {}, headers)))
    return givesToken(answer) ? undefined : `bound refresh tokens do not work: ${answer.summary}`
  })

/** New tokens that are bound to the first keys. */
export async function boundTokens(ctx: AsContext, client?: Client): Promise<Tokens> {
  await offeredAlgorithms(ctx)
  const code = await ctx.code({}, client)
  const answer = await redeemBound(ctx, undefined, code)
  return toTokens(code.client, answer) ?? skip(`no token is given for a good proof: ${answer.summary}`)
}

/** The same, of a client that may ask what they hold where they cannot be read. */
export async function knownBoundTokens(ctx: AsContext): Promise<Tokens> {
  const tokens = await boundTokens(ctx)
  const isKnown = readJwt(tokens.accessToken) !== undefined || ctx.options.introspector !== undefined
  // Otherwise a client is told of its own tokens at most, if it has a secret to say who it is.
  const asks = isKnown || typeof (await ctx.metadata())['introspection_endpoint'] !== 'string'
  return asks ? tokens : boundTokens(ctx, await ctx.clients.confidential())
}

/** Bound tokens with a refresh token among them. */
export async function boundRefreshable(ctx: AsContext): Promise<Tokens> {
  const tokens = await boundTokens(ctx)
  if (tokens.client.method !== 'none') skip('the client has a secret, which binds its refresh tokens already')
  return tokens.refreshToken === undefined ? skip('the server gives no refresh token') : tokens
}

/** The thumbprint that a token is bound to. Skips where nobody says. */
export async function boundTo(ctx: AsContext, tokens: Tokens): Promise<string | undefined> {
  return thumbprintIn(await claimsOf(ctx, tokens))
}

/** The same, where it is said. */
export function thumbprintIn({ cnf }: Members): string | undefined {
  const jkt: unknown = typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined
  return typeof jkt === 'string' ? jkt : undefined
}
