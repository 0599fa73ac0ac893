/**
 * What a client is told when it has registered itself, by whatever server: as little as it can do with.
 *
 * @see RFC 7591 section 3.2.1
 * @module
 */
import { type Guarded, isNumber, isOptional, isRecord, isString, isText } from './guard.ts'

/** What a client accepts from any server's registration endpoint. */
export const isForeignClientInformation = isRecord({
  client_id: isText,
  client_secret: isOptional(isString),
  client_secret_expires_at: isOptional(isNumber),
  token_endpoint_auth_method: isOptional(isString),
})
export type ForeignClientInformation = Guarded<typeof isForeignClientInformation>
