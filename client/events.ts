/**
 * What a session tells a tracer. Secrets never enter an event: a token appears as the start of its SHA-256, a URL without query.
 *
 * @module
 */
import type { AuthorizationReason, SallyportErrorCode } from './errors.ts'

/** What an outbound request was for. `resource`: the host's own; `grant`: what a grant asked for beside tokens. */
export type RequestPurpose =
  | 'resource'
  | 'probe'
  | 'resource_metadata'
  | 'server_metadata'
  | 'registration'
  | 'grant'
  | 'token'
  | 'revocation'

/** One step of a session. Switch over `type`. Durations and lifetimes in seconds. */
export type SessionEvent =
  | {
      readonly type: 'request'
      readonly purpose: RequestPurpose
      readonly method: string
      readonly url: string
      readonly status: number
    }
  | {
      readonly type: 'request_failed'
      readonly purpose: RequestPurpose
      readonly method: string
      readonly url: string
      readonly code: SallyportErrorCode
    }
  /** A request with a proof is sent again: with a new nonce, at the server's time, or as Bearer. */
  | { readonly type: 'dpop_retried'; readonly url: string; readonly because: 'nonce' | 'clock' | 'scheme' }
  | { readonly type: 'challenged'; readonly status: number; readonly scope: readonly string[] }
  | { readonly type: 'discovered'; readonly resource: string; readonly issuer: string }
  | { readonly type: 'registered'; readonly issuer: string; readonly clientId: string }
  | {
      readonly type: 'authorization_started'
      readonly issuer: string
      readonly scope: readonly string[]
      readonly flow: string
    }
  | {
      readonly type: 'grant_started'
      readonly grant: string
      readonly issuer: string
      readonly scope: readonly string[]
    }
  | {
      readonly type: 'authorized'
      readonly issuer: string
      readonly scope: readonly string[]
      readonly accessToken: string
      readonly refreshToken?: string
      readonly expiresIn?: number
    }
  | {
      readonly type: 'refreshed'
      readonly accessToken: string
      readonly refreshToken?: string
      readonly expiresIn?: number
    }
  | { readonly type: 'refresh_adopted'; readonly accessToken: string }
  | { readonly type: 'refresh_failed'; readonly code: SallyportErrorCode; readonly kept: boolean }
  | {
      readonly type: 'authorization_required'
      readonly reason: AuthorizationReason
      readonly scope: readonly string[]
    }
  | { readonly type: 'revoked'; readonly revoked: boolean | 'unsupported' }
  | { readonly type: 'signed_out'; readonly deleted: boolean }

/** The first 12 hexadecimal digits of a secret's SHA-256: enough to follow it through a trace. */
export async function fingerprint(secret: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret)))
  return [...digest.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A URL as it may be shown: scheme, host and path. */
export function withoutQuery(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? '(not a URL)' : `${parsed.protocol}//${parsed.host}${parsed.pathname}`
}
