/**
 * The authorization server without any transport: what each endpoint decides. Everything from outside comes in through ports.
 *
 * @module
 */
import type { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import type { ClientInformationResponse, ClientRegistrationRequest } from '../../shared/client-metadata.ts'
import type { FormRecord } from '../../shared/form.ts'
import type { IntrospectionRequest } from '../../shared/introspection-request.ts'
import type { IntrospectionResponse } from '../../shared/introspection-response.ts'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import type { Result } from '../../shared/result.ts'
import type { RevocationRequest } from '../../shared/revocation-request.ts'
import type { TokenRequest } from '../../shared/token-request.ts'
import type { TokenResponse } from '../../shared/token-response.ts'
import type { Presence } from './authorize/client-known.ts'
import type { AuthorizationOutcome, NextStep, ValidRequest } from './authorize/request.ts'
import type { Origin } from './dependencies.ts'
import type { Rejection } from './rejection.ts'
import type { PresentedProof } from './sender.ts'

/**
 * The endpoints as functions. None throws but for `StoreUnavailable` and defects. `origin`: which request the audit log is to name; default:
 * none.
 */
export interface AuthorizationServer {
  /** The configured issuer, byte for byte. */
  readonly issuer: string
  metadata(): Promise<AuthorizationServerMetadata>
  jwks(): Promise<JsonWebKeySet>

  /** Judges the query of an authorization request. `presence`: whether somebody is signed in; default: nobody. */
  authorize(query: FormRecord, presence?: Presence, origin?: Origin): Promise<AuthorizationOutcome>
  /**
   * What comes next for a valid request, given who is signed in (null: nobody). Issues the code where nothing is left to ask. `session`: the hash of the
   * session that they are signed in with: once that has ended nothing is granted. Null (default): the caller vouches for them.
   */
  next(request: ValidRequest, userId: string | null, origin?: Origin, session?: string | null): Promise<NextStep>
  /** The person agreed: issues the code, remembers the consent where that is safe, says where to go. `session`: as for `next`. */
  approve(request: ValidRequest, userId: string, origin?: Origin, session?: string | null): Promise<string>
  /** The person declined: says where to go. */
  deny(request: ValidRequest, userId: string, origin?: Origin): string

  /** `authorization` is the request's Authorization header; `proof`: what its DPoP header says, if it has one. */
  token(
    request: TokenRequest,
    authorization: string | null,
    origin?: Origin,
    proof?: PresentedProof | null,
  ): Promise<Result<TokenResponse, Rejection>>
  revoke(request: RevocationRequest, authorization: string | null, origin?: Origin): Promise<Result<null, Rejection>>
  introspect(
    request: IntrospectionRequest,
    authorization: string | null,
    origin?: Origin,
  ): Promise<Result<IntrospectionResponse, Rejection>>
  register(
    request: ClientRegistrationRequest,
    authorization: string | null,
    origin?: Origin,
  ): Promise<Result<ClientInformationResponse, Rejection>>

  /** A person withdraws a grant of their own on the account page. False: it is not theirs, or gone already. */
  revokeGrant(grantId: string, userId: string, origin?: Origin): Promise<boolean>
  /**
   * Whether an access token of ours still counts: it was not revoked, and its grant is live, or for a client that acts for itself that
   * client is still registered. For resource servers in this process.
   */
  isLive(claims: { readonly jti: string; readonly client_id?: string }): Promise<boolean>
}
