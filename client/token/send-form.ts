/**
 * A form that a client sends in its own name.
 *
 * @see RFC 6749 section 3.2.1 and appendix B
 * @module
 */
import { writeForm } from '../../shared/form.ts'
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { type JsonAnswer, type OutboundRequest, requestJson } from '../http/request-json.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { authenticateClient } from './client-authentication.ts'

/** Form parameters: `undefined` is left out, several values are several parameters. */
export type FormValues = Readonly<Record<string, string | readonly string[] | undefined>>

/** Adds what authenticates `identity`, anew each time: an assertion counts once. `undefined`: nobody says who asks. */
export async function sendForm(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity | undefined,
  params: FormValues,
  { headers, ...request }: Omit<OutboundRequest, 'method' | 'body'>,
): Promise<JsonAnswer> {
  const authentication = identity && (await authenticateClient(context, identity, server))
  return requestJson(context, {
    ...request,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...authentication?.headers, ...headers },
    body: writeForm({ ...params, ...authentication?.params }).toString(),
  })
}
