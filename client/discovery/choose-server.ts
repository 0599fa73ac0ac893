/**
 * Choosing among the authorization servers that a resource lists: its word alone is no reason to trust one.
 *
 * @see RFC 9728 section 7.6: the client decides which server it is willing to use
 * @see MCP 2026-07-28, authorization server binding: static credentials of another server are an error
 * @module
 */
import type { ChooseAuthorizationServer, ClientContext } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { registrationKey } from '../stores/keys.ts'
import { readSelection } from '../token/credential.ts'

/** The default: the first that this client has credentials for, else the first. */
export const preferHeld: ChooseAuthorizationServer = (issuers, { held }) =>
  issuers.find((issuer) => held.includes(issuer)) ?? issuers[0]

/**
 * The issuer to use.
 *
 * @throws {SallyportError} `client_issuer_mismatch` where the configured client belongs elsewhere, `no_authorization_server`
 */
export async function chooseServer(context: ClientContext, issuers: readonly string[]): Promise<string> {
  const { client, grant, resource } = context
  const selected = (await readSelection(context))?.issuer
  // Where the configured grant or client id belongs: as configured, or where it was used first.
  const bound = grant?.issuer ?? (client.id === undefined ? undefined : (client.issuer ?? selected))
  const chosen = await context.choose(issuers, { resource, held: await held(context, issuers, selected) })
  if (chosen === undefined || !issuers.includes(chosen)) throw new SallyportError('no_authorization_server')
  if (bound !== undefined && chosen !== bound) throw new SallyportError('client_issuer_mismatch')
  return chosen
}

async function held(
  context: ClientContext,
  issuers: readonly string[],
  selected: string | undefined,
): Promise<readonly string[]> {
  const { client, grant, store } = context
  const found: string[] = []
  for (const issuer of issuers) {
    const registered = (await store.get(registrationKey(issuer, context))) !== undefined
    const configured = issuer === client.issuer || issuer === grant?.issuer
    if (configured || issuer === selected || registered) found.push(issuer)
  }
  // What this resource used last comes before what other resources use.
  return found.sort((a, b) => Number(b === selected) - Number(a === selected))
}
