/**
 * The client library: sessions for MCP hosts and agents. Browser-safe; platform code is in `sallyport/client/node`.
 *
 * @module
 */
export type { Callback } from './authorization/callback.ts'
export type { Flow } from './authorization/flow.ts'
export type { ChooseAuthorizationServer, ClientCompat, ClientOptions, Fetch } from './context.ts'
export type { DpopMode } from './dpop/binding.ts'
export { describeError } from './error-texts.ts'
export {
  type AuthorizationReason,
  AuthorizationRequiredError,
  hasCode,
  SallyportError,
  type SallyportErrorCode,
} from './errors.ts'
export type { RequestPurpose, SessionEvent } from './events.ts'
export { type ClientCredentialsOptions, clientCredentials } from './grants/client-credentials.ts'
export { defineGrant } from './grants/define-grant.ts'
export { type DeviceCodeOptions, deviceCode } from './grants/device-code.ts'
export type { DeviceCode, FormParameters, GrantDefinition, GrantStep, GrantType } from './grants/grant-type.ts'
export { type RefreshTokenOptions, refreshToken } from './grants/refresh-token.ts'
export type { JsonAnswer } from './http/request-json.ts'
export { follow } from './interactions/follow.ts'
export type {
  Interaction,
  InteractionContext,
  InteractionRequest,
  PreparedInteraction,
  Verdict,
} from './interactions/interaction.ts'
export { type Ask, prompt } from './interactions/prompt.ts'
export { showCode } from './interactions/show-code.ts'
export { type ClientDocumentOptions, clientDocument } from './registration/metadata-document.ts'
export type { AuthorizeOptions } from './session/authorize.ts'
export type { SessionOptions } from './session/options.ts'
export { type BeginOptions, createSession, type Session } from './session/session.ts'
export type { LogoutOptions, LogoutResult } from './session/sign-out.ts'
export { memoryStore } from './stores/memory.ts'
export type { LockOptions, Store, StoredRecord } from './stores/store.ts'
export type { ClientAuthentication } from './token/client-authentication.ts'
export type { Grant } from './token/credential.ts'
export { type AssertionOf, type ClientKey, type PrivateJwk, privateKeyJwt } from './token/private-key-jwt.ts'
