/**
 * What broken resource servers have in common: where they are, what they see of a token, and how they look away.
 *
 * @module
 */
import type { Members } from '../../../conformance/jose/jws.ts'
import type { Mutation, Sent } from '../mutation.ts'
import { changeAnswer, withHeaders } from './mutant.ts'

export const PRM = '/.well-known/oauth-protected-resource/mcp'
const ENDPOINT = '/mcp'

export const isEndpoint = ({ url }: Sent): boolean => url.pathname === ENDPOINT

/** The endpoint's answers, changed. */
export const changeEndpoint = (change: (response: Response, sent: Sent) => Response | Promise<Response>): Mutation =>
  changeAnswer(ENDPOINT, change, isEndpoint)

export const changeChallenge = (
  change: (challenge: string) => string | null,
  applies: (response: Response, sent: Sent) => boolean = () => true,
): Mutation =>
  changeEndpoint((response, sent) => {
    const challenge = response.headers.get('www-authenticate')
    if (challenge === null || !applies(response, sent)) return response
    return withHeaders(response, (headers) => {
      const changed = change(challenge)
      if (changed === null) headers.delete('www-authenticate')
      else headers.set('www-authenticate', changed)
    })
  })

export const tokenOf = ({ headers }: Sent): string => headers.get('authorization')?.replace(/^\S+ /, '') ?? ''

/** Who knows how to make a good token. */
export interface Forger {
  readonly issuer: string
  readonly now: () => number
  /** What the resource server verifies with. */
  readonly publicJwk: Members
}

/** What the checks show for a token where any would do. */
export const NO_TOKEN = 'conformance-made-this-up'

export const unauthorized = (challenge: string): Response =>
  new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })

export const changePreflight = (change: (headers: Headers) => void): Mutation =>
  changeEndpoint((response, { method }) => (method === 'OPTIONS' ? withHeaders(response, change) : response))

export const passes = (): Response => Response.json({ jsonrpc: '2.0', id: 1, result: {} })
