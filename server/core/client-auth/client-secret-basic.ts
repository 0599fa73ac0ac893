/**
 * `client_secret_basic`: id and secret, each form-encoded, in HTTP Basic.
 *
 * @see RFC 6749 section 2.3.1
 * @see RFC 7617 section 2
 * @module
 */
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'
import type { ClientAuthMethod } from './client-auth-method.ts'
import { presentSecret } from './client-secret.ts'

export const clientSecretBasic: ClientAuthMethod = {
  name: 'client_secret_basic',
  present({ authorization, client_id }) {
    if (authorization === null) return null
    const credentials = readBasic(authorization)
    if (!credentials.ok) return credentials
    const { id, secret } = credentials.value
    return client_id !== undefined && client_id !== id
      ? reject('malformed_client_authentication')
      : ok(presentSecret(id, secret))
  },
}

/** Any other scheme in the header is as malformed as bad base64: no other is offered. */
function readBasic(authorization: string): Result<{ id: string; secret: string }, Rejection> {
  const encoded = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1]
  if (encoded === undefined) return reject('malformed_client_authentication')
  try {
    const [, id, secret] = /^([^:]*):(.*)$/s.exec(atob(encoded)) ?? []
    if (id === undefined || secret === undefined || id === '') return reject('malformed_client_authentication')
    return ok({ id: formDecode(id), secret: formDecode(secret) })
  } catch {
    return reject('malformed_client_authentication')
  }
}

/** Throws on a broken percent-encoding. */
const formDecode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
