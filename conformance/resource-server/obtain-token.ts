/**
 * Gets tokens for a resource as a client would: from the authorization server that its metadata name.
 *
 * @module
 */
import type { ClientSource } from '../authorization-server/clients.ts'
import type { AsContext } from '../authorization-server/context.ts'
import { createAsContext } from '../authorization-server/create-context.ts'
import { boundTokens, proofKeys } from '../authorization-server/dpop-steps.ts'
import type { Http } from '../core/http.ts'
import type { Visit } from '../core/visit.ts'
import type { Keys } from '../jose/jws.ts'
import type { About } from './context.ts'

export interface ObtainOptions extends Pick<ClientSource, 'client'> {
  readonly redirectUri: string
  readonly visit: Visit
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** Where tokens come from: a signer, or an authorization server that is asked as a client would ask. */
export interface TokenSource {
  /** Skips, with the reason, where none is given. */
  readonly token: (about: About) => Promise<string>
  /** One that is bound to keys, with them. */
  readonly bound: (about: About) => Promise<BoundToken>
  /** One for another resource, with what that one's metadata say of scopes. */
  readonly elsewhere: (place: Pick<About, 'issuer' | 'resource'>, isBound: boolean) => Promise<string>
}

export interface BoundToken {
  readonly keys: Keys
  readonly token: string
}

export function askAuthorizationServer(http: Http, options: ObtainOptions): TokenSource {
  const contextFor = (about: About) => createAsContext(http, { ...options, ...about })
  const bound = async (context: AsContext): Promise<BoundToken> => ({
    token: (await boundTokens(context)).accessToken,
    keys: await proofKeys(context),
  })
  return {
    token: async (about) => (await contextFor(about).tokens()).accessToken,
    bound: (about) => bound(contextFor(about)),
    async elsewhere(place, isBound) {
      const context = createAsContext(http, { ...options, ...place })
      return isBound ? (await bound(context)).token : (await context.tokens()).accessToken
    },
  }
}
