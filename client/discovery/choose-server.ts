/**
 * Choosing among the authorization servers that a resource lists: its word alone is no reason to trust one.
 *
 * @see RFC 9728 section 7.6: the client decides which server it is willing to use
 * @see MCP 2026-07-28, authorization server binding: static credentials of another server are an error
 * @module
 */
import { type ChooseAuthorizationServer, type ClientContext, configuredIssuer } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { registrationKey } from '../stores/keys.ts'
import { readSelection } from '../token/credential.ts'

/** The default: one that this client has credentials for, else the first. */
export const preferHeld: ChooseAuthorizationServer = (issuers, { held }) => held[0] ?? issuers[0]

/**
 * The issuer to use.
 *
 * @throws {SallyportError} `client_issuer_mismatch` where the configured client belongs elsewhere, `no_authorization_server`
 */
export async function chooseServer(context: ClientContext, issuers: readonly string[]): Promise<string> {
  const { client, resource } = context
  const selected = (await readSelection(context))?.issuer
  const configured = configuredIssuer(context)
  // Where a client id was used first, it belongs.
  const bound = configured ?? (client.id === undefined ? undefined : selected)
  const chosen = await context.choose(issuers, { resource, held: await held(context, issuers, configured ?? selected) })
  if (chosen === undefined || !issuers.includes(chosen)) throw new SallyportError('no_authorization_server')
  if (bound !== undefined && chosen !== bound) throw new SallyportError('client_issuer_mismatch')
  return chosen
}

/** Those that there are credentials for, in the order of `issuers`; what is configured, or what this resource used last, before all. */
async function held(
  context: ClientContext,
  issuers: readonly string[],
  preferred: string | undefined,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const issuer of issuers) {
    const registered = (await context.store.get(registrationKey(issuer, context))) !== undefined
    if (issuer === preferred) found.unshift(issuer)
    else if (registered) found.push(issuer)
  }
  return found
}
