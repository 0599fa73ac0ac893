/**
 * A credential as it is stored, and what of it a host gets to see.
 *
 * @see RFC 6749 section 5.1: the token response that it is made of
 * @see RFC 9449 section 5: `token_type` tells whether the token is bound; one that is not is refused where that matters
 * @module
 */
import type { ForeignTokenResponse } from '../../shared/foreign-token-response.ts'
import { type Guarded, isBoolean, isNumber, isOptional, isRecord, isString, isStrings } from '../../shared/guard.ts'
import { parseScope } from '../../shared/scope.ts'
import { type ClientContext, randomToken } from '../context.ts'
import { isStoredKey, type StoredKey, signingKey } from '../dpop/stored-key.ts'
import { SallyportError } from '../errors.ts'
import { selectionKey } from '../stores/keys.ts'
import type { Store } from '../stores/store.ts'

/** Tokens with everything that they are bound to. Times in seconds since the epoch. */
export const isCredential = isRecord({
  /** New with every write: what was decided by an older one is not written. */
  generation: isString,
  /** The `resource` on the wire, byte for byte as the metadata has it; absent where none is sent. */
  resource: isOptional(isString),
  issuer: isString,
  clientId: isString,
  accessToken: isString,
  refreshToken: isOptional(isString),
  /** What was granted, as far as the server told. */
  scope: isStrings,
  /** What was asked for. */
  requestedScope: isStrings,
  obtainedAt: isNumber,
  expiresAt: isOptional(isNumber),
  /** The key of its token requests, whether the access token is bound to it, and whether it has to be. Absent: no key was used. */
  dpop: isOptional(isRecord({ key: isStoredKey, bound: isBoolean, required: isOptional(isBoolean) })),
})
export type Credential = Guarded<typeof isCredential>

/** What a host learns of a credential: everything but the tokens. `expiresAt` in seconds since the epoch. */
export interface Grant {
  readonly resource: string
  readonly issuer: string
  readonly clientId: string
  readonly scope: readonly string[]
  /** `DPoP`: the token is bound to a key of this client's. */
  readonly tokenType: 'Bearer' | 'DPoP'
  readonly expiresAt: number | undefined
  /** Whether it can be renewed without a person. */
  readonly refreshable: boolean
}

/** What is asked for, and of whom. */
export interface TokenOrigin {
  readonly resource?: string | undefined
  readonly issuer: string
  readonly clientId: string
  readonly requestedScope: readonly string[]
  /** Granted before, for an answer that does not repeat the scope. */
  readonly scope: readonly string[]
  /** Kept where the answer brings no new one. */
  readonly refreshToken?: string | undefined
  /** The key that the request proved possession of. */
  readonly dpop?: { readonly key: StoredKey; readonly required: boolean } | undefined
}

/** Refresh this early, but never in the first three quarters of a token's life. Seconds. */
const EARLY = 30

/**
 * Makes a credential from a token response.
 *
 * @throws {SallyportError} `token_type_unsupported` unless the type is Bearer, or DPoP where there was a proof; `dpop_downgrade` for Bearer
 *   where that will not do
 */
export function toCredential(response: ForeignTokenResponse, origin: TokenOrigin, now: number): Credential {
  const { expires_in, scope } = response
  return {
    generation: randomToken(16),
    issuer: origin.issuer,
    clientId: origin.clientId,
    accessToken: response.access_token,
    // RFC 6749 section 5.1: absent means "as requested".
    scope: [...(scope === undefined ? origin.scope : parseScope(scope))],
    requestedScope: [...origin.requestedScope],
    obtainedAt: now,
    resource: origin.resource,
    refreshToken: response.refresh_token ?? origin.refreshToken,
    expiresAt: expires_in === undefined ? undefined : now + expires_in,
    dpop: bindingOf(response, origin.dpop),
  }
}

/** A key that the server took no notice of is kept: it may have bound the refresh token. */
function bindingOf({ token_type }: ForeignTokenResponse, asked: TokenOrigin['dpop']): Credential['dpop'] {
  const type = token_type.toLowerCase()
  if (type === 'dpop' && asked !== undefined) {
    return { key: asked.key, bound: true, required: asked.required }
  }
  if (type !== 'bearer') throw new SallyportError('token_type_unsupported')
  if (asked?.required === true) throw new SallyportError('dpop_downgrade')
  return asked && { key: asked.key, bound: false }
}

export const isBound = ({ dpop }: Credential): boolean => dpop?.bound === true

/** Whether session or resource want it bound, so that nothing else will do. */
export const mustBeBound = ({ dpop }: Pick<ClientContext, 'dpop'>, credential: Credential): boolean =>
  dpop === 'required' || credential.dpop?.required === true

/** Whether a session with these options may use it at all. */
export const isAcceptable = ({ dpop }: Pick<ClientContext, 'dpop'>, credential: Credential): boolean =>
  dpop === 'preferred' || isBound(credential) === (dpop === 'required')

/** Whether `stored` has another access token: whoever used the older one adopts it instead of refreshing again. */
export const isSuccessor = (stored: Credential, used: Credential): boolean => stored.accessToken !== used.accessToken

/** Whether the access token has not expired yet. One without a stated lifetime counts as alive until a server refuses it. */
export const isAlive = (credential: Credential, now: number): boolean =>
  credential.expiresAt === undefined || now < credential.expiresAt

/** Whether it is time to refresh, before the token dies on the way. */
export function isDue({ expiresAt, obtainedAt }: Credential, now: number): boolean {
  return expiresAt !== undefined && expiresAt - now <= Math.min(EARLY, (expiresAt - obtainedAt) / 4)
}

export const toGrant = (credential: Credential, resource: string): Grant => ({
  resource: credential.resource ?? resource,
  issuer: credential.issuer,
  clientId: credential.clientId,
  scope: credential.scope,
  tokenType: isBound(credential) ? 'DPoP' : 'Bearer',
  expiresAt: credential.expiresAt,
  refreshable: credential.refreshToken !== undefined,
})

/** Which issuer and client a resource's session used last. */
const isSelection = isRecord({ generation: isString, issuer: isString, clientId: isString })
export type Selection = Guarded<typeof isSelection>

export async function readSelection(context: ClientContext): Promise<Selection | undefined> {
  const stored = await context.store.get(selectionKey(context))
  return isSelection(stored) ? stored : undefined
}

/** A credential whose key cannot be used (any more) is none. */
export async function readCredential(store: Store, key: string): Promise<Credential | undefined> {
  const credential = await store.get(key)
  if (!isCredential(credential)) return undefined
  if (credential.dpop === undefined) return credential
  return signingKey(credential.dpop.key).then(
    () => credential,
    () => undefined,
  )
}
