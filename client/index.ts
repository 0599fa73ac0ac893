/**
 * The client library: sessions for MCP hosts and agents. Browser-safe; platform code is in `sallyport/client/node`.
 *
 * @module
 */
export type { Callback } from './authorization/callback.ts'
export type { Flow } from './authorization/flow.ts'
export type { ChooseAuthorizationServer, ClientCompat, ClientOptions, Fetch } from './context.ts'
export type { DpopMode } from './dpop/binding.ts'
export {
  type AuthorizationReason,
  AuthorizationRequiredError,
  hasCode,
  SallyportError,
  type SallyportErrorCode,
} from './errors.ts'
export type { RequestPurpose, SessionEvent } from './events.ts'
export { follow } from './interactions/follow.ts'
export type {
  Interaction,
  InteractionContext,
  InteractionRequest,
  PreparedInteraction,
  Verdict,
} from './interactions/interaction.ts'
export { type Ask, prompt } from './interactions/prompt.ts'
export { type ClientDocumentOptions, clientDocument } from './registration/metadata-document.ts'
export type { AuthorizeOptions } from './session/authorize.ts'
export type { SessionOptions } from './session/options.ts'
export { type BeginOptions, createSession, type Session } from './session/session.ts'
export type { LogoutOptions, LogoutResult } from './session/sign-out.ts'
export { memoryStore } from './stores/memory.ts'
export type { LockOptions, Store, StoredRecord } from './stores/store.ts'
export type { Grant } from './token/credential.ts'
