/**
 * What the server says of a token to whoever may ask: all that can be known of one that cannot be read.
 *
 * @see RFC 7662 section 2
 * @see RFC 9449 section 6.2: what a token is bound to
 * @module
 */
import { skip } from '../core/check.ts'
import type { Answer } from '../core/http.ts'
import { type Members, readJwt } from '../jose/jws.ts'
import { type Credentials, credentialsOf } from './clients.ts'
import type { AsContext, Tokens } from './context.ts'

export async function introspect(ctx: AsContext, token: string, { form, headers }: Credentials): Promise<Answer> {
  return ctx.http.postForm(await ctx.endpoint('introspection_endpoint'), { ...form, token }, headers)
}

/**
 * The claims of an access token, as it has them, or as introspection tells whoever was named, or the client with a secret that has it.
 * Skips, with the reason, where nobody is told.
 */
export async function claimsOf(ctx: AsContext, { accessToken, client }: Tokens): Promise<Members> {
  const read = readJwt(accessToken)
  if (read !== undefined) return read.claims
  if (typeof (await ctx.metadata())['introspection_endpoint'] !== 'string')
    skip(
      'access tokens are opaque, and the metadata name no introspection_endpoint where their claims could be asked for',
    )
  const answer = await introspect(ctx, accessToken, whoMayAsk(ctx, client))
  return answer.status === 200 && answer.json['active'] === true
    ? answer.json
    : skip(`access tokens are opaque, and introspection does not say what they hold: ${toldOf(answer)}`)
}

/** Skips where nobody may. */
export function whoMayAsk({ options }: AsContext, client: Tokens['client']): Credentials {
  const { introspector } = options
  if (introspector !== undefined) return credentialsOf(introspector.id, introspector.secret, 'client_secret_basic')
  return client.secret === undefined
    ? skip('nobody may ask what access tokens hold: name a client that may (--introspection-client-id)')
    : client.credentials
}

const toldOf = ({ status, json, summary }: Answer): string =>
  status === 200 ? `active: ${String(json['active'])}` : summary
