/**
 * Settings of token exchange: access tokens for access tokens, and our word for a person to another authorization server.
 *
 * @see RFC 8693
 * @see docs/adr/0181-who-may-exchange-what.md
 * @see docs/adr/0183-what-stands-for-an-identity-assertion.md
 * @module
 */
import * as v from 'valibot'
import { ScopeToken } from '../../shared/scope-syntax.ts'
import { choice, nonEmpty, seconds, structure, whole, yesOrNo } from './setting.ts'

const Rule = v.strictObject({
  from: nonEmpty,
  to: nonEmpty,
  client: v.optional(nonEmpty),
  scopes: v.optional(v.array(ScopeToken)),
  actor: v.optional(v.picklist(['optional', 'required']), 'optional'),
})

export const TokenExchangeConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether clients that an administrator registered for it may exchange access tokens (RFC 8693), as far as `token_exchange.allow`, `token_exchange.may_act` and `token_exchange.self_exchange` permit.',
    ),
    false,
  ),
  allow: v.optional(
    structure(
      v.array(Rule),
      'a list of { from, to, client?, scopes?, actor? }',
      'Tokens for which resource may become tokens for which other one. By whom: the server of `from`, or the client of that id. `scopes`: the most that comes of it; `actor`: `required` where the client must name itself as the actor. The first entry that fits counts; what no entry names is refused.',
      { defaultText: 'none' },
    ),
    [],
  ),
  may_act: v.optional(
    structure(
      v.record(nonEmpty, nonEmpty),
      'a record of resource: client id',
      'Which client the access tokens of a resource name as one that may act for their subject (`may_act`). It may then exchange them, with an actor token, for the same resource, and as `token_exchange.allow` lets the server of that resource.',
      { defaultText: 'none' },
    ),
    {},
  ),
  self_exchange: v.optional(
    choice(
      ['none', 'same_resource'],
      'Whether a client may exchange a token of its own for a weaker one, for the same resource.',
    ),
    'same_resource',
  ),
  max_depth: v.optional(
    whole(1, 10, 'How many times in a row a token, and what comes of it, may be exchanged.', { unit: 'exchanges' }),
    5,
  ),
})

const Audience = v.strictObject({
  issuer: v.pipe(nonEmpty, v.url()),
  clients: v.record(nonEmpty, nonEmpty),
  resources: v.pipe(v.array(v.pipe(nonEmpty, v.url())), v.minLength(1)),
  scopes: v.optional(v.union([v.array(ScopeToken), v.record(ScopeToken, ScopeToken)]), []),
})

export const IdJagConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether clients that an administrator registered for token exchange get ID-JAGs: the word of this server for a person, to an authorization server in `id_jag.audiences`.',
    ),
    false,
  ),
  lifetime: v.optional(seconds(30, 600, 'Of an ID-JAG. It cannot be taken back.'), 300),
  audiences: v.optional(
    structure(
      v.array(Audience),
      'a list of { issuer, clients: { id here: id there }, resources, scopes? }',
      'The authorization servers that take the word of this one: which clients may go there, and for which of its resources and scopes. A scope is for subject tokens that have the one of that name, or as a record of { scope there: scope here } the other one. Without `scopes` an ID-JAG names none, and the other server decides alone.',
      { defaultText: 'none' },
    ),
    [],
  ),
})

type Config = {
  readonly token_exchange: v.InferOutput<typeof TokenExchangeConfig>
  readonly id_jag: v.InferOutput<typeof IdJagConfig>
  readonly resources: readonly { readonly identifier: string; readonly aliases: readonly string[] }[]
}

/** What is wrong between settings that are right by themselves; null: nothing. */
export function exchangeProblem({ token_exchange, id_jag, resources }: Config, issuer: string): string | null {
  const { enabled, allow, may_act } = token_exchange
  if (!enabled && (allow.length > 0 || Object.keys(may_act).length > 0))
    return 'token_exchange.allow and token_exchange.may_act do nothing while token_exchange.enabled is off.'
  const names = [...allow.flatMap(({ from, to }) => [from, to]), ...Object.keys(may_act)]
  // Tokens name the identifier alone, so that an entry with another name would fit none.
  const aliased = resources.find(({ aliases }) => aliases.some((alias) => names.includes(alias)))
  if (aliased !== undefined) return `token_exchange names ${aliased.identifier} by an alias: name it by its identifier.`
  if (!id_jag.enabled && id_jag.audiences.length > 0)
    return 'id_jag.audiences does nothing while id_jag.enabled is off.'
  const issuers = id_jag.audiences.map((audience) => audience.issuer)
  if (issuers.includes(issuer)) return 'id_jag.audiences: an ID-JAG is for another authorization server than this one.'
  const twice = issuers.find((one, index) => issuers.indexOf(one) !== index)
  return twice === undefined ? null : `id_jag.audiences: ${twice} is there twice.`
}
