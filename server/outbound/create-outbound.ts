/**
 * The safe fetch: how the authorization server reads a URL that a stranger named. It asks public addresses only, connects to the
 * very address that it checked, follows nothing, and gives up in time.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 5, 8.6 and 8.7
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { err, type Result } from '../../shared/result.ts'
import type { OutboundAnswer, OutboundDoor, OutboundFailure, OutboundReply } from '../core/outbound.ts'
import type { Resolve } from './addresses.ts'
import type { Connect } from './connection.ts'
import { createSlots } from './slots.ts'
import { type Target, toTarget } from './target.ts'
import type { VisitOptions } from './visit.ts'

export interface OutboundOptions {
  /** Development: http and https on this machine's loopback too, by address or as `localhost`. Default: false. */
  readonly development?: boolean
  /** Names of private networks too (RFC 1918, RFC 4193): for servers that the operator named. Default: false. */
  readonly privateNetworks?: boolean
  /** Seconds for everything, from the name to the last byte. Default: 5. */
  readonly timeout?: number
  /** How many are asked at the same time. Default: 32. */
  readonly concurrency?: number
  /** How many more may wait for that; their time runs. Default: 128. */
  readonly queue?: number
  /** Default: as the operating system resolves names. */
  readonly resolve?: Resolve
  /** Default: straight to the address. An egress proxy would be asked for here. */
  readonly connect?: Connect
  /** PEM certificates that are trusted instead of the runtime's own. */
  readonly ca?: string
}

type Outcome<Answer> = Result<Answer, OutboundFailure>
type GivenUp = 'timeout' | 'aborted'

/**
 * @example
 * const outbound = createOutbound({ development: settings.dev })
 * const answer = await outbound.get('https://app.example.com/client.json', { accept: 'application/json', maxBytes: 5120 })
 */
export function createOutbound(options: OutboundOptions = {}): OutboundDoor {
  const { development = false, privateNetworks = false, timeout = 5, concurrency = 32, queue = 128 } = options
  const slots = createSlots(concurrency, queue)
  const limit = timeout * 1000
  async function visit<Answer>(
    url: string,
    outer: AbortSignal | undefined,
    visitor: Visitor<Answer>,
  ): Promise<Outcome<Answer>> {
    const target = toTarget(url, development, privateNetworks)
    if (!target.ok) return target
    return await within<Answer>(limit, outer, async (signal, givenUp) => {
      // The work keeps its place until it really ends: a resolver cannot be stopped, and those waiting for one must not pile up.
      const work = slots(async () => visitor(await import('./visit.ts'), target.value, { ...options, limit, signal }))
      return work === null ? err('busy') : await Promise.race([work, givenUp])
    })
  }
  return {
    get: (url, request) =>
      visit<OutboundAnswer>(url, request.signal, ({ get }, target, how) => get(target, request, how)),
    ask: (url, question) =>
      visit<OutboundReply>(url, question.signal, ({ ask }, target, how) => ask(target, question, how)),
  }
}

/** What opens connections is loaded with the first: it takes a twentieth of the whole start, and many a server never asks anybody. */
type Visitor<Answer> = (
  visits: typeof import('./visit.ts'),
  target: Target,
  how: VisitOptions,
) => Promise<Outcome<Answer>>

/** Hands out a signal that comes after `limit` milliseconds, or with the caller's, and the outcome that then counts. */
async function within<Answer>(
  limit: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal, givenUp: Promise<Outcome<Answer>>) => Promise<Outcome<Answer>>,
): Promise<Outcome<Answer>> {
  const inner = new AbortController()
  const { promise, resolve } = Promise.withResolvers<Outcome<Answer>>()
  const giveUp = (why: GivenUp): void => {
    resolve(err(why))
    inner.abort()
  }
  const abort = (): void => giveUp('aborted')
  const timer = setTimeout(giveUp, limit, 'timeout')
  outer?.addEventListener('abort', abort)
  if (outer?.aborted === true) abort()
  try {
    return await work(inner.signal, promise)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  }
}
