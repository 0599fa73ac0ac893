/**
 * Who may exchange which token for what: nobody, unless one of these says so.
 *
 * ```
 * who     the server of the resource that the token is for, the party that its `may_act` names, or a client that a rule names
 * where   from one resource to another, as a rule says; the same resource for whom `may_act` names, and for the token's own client
 * ```
 *
 * @see RFC 8693 section 1.1 (impersonation and delegation), section 4.4 (`may_act`), section 2.2.2 (`invalid_target`)
 * @see docs/adr/0181-who-may-exchange-what.md
 * @module
 */
import type { AccessTokenClaims } from '../../../../shared/access-token.ts'
import { ok, type Result } from '../../../../shared/result.ts'
import type { Client, Resource } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'

/** What an operator decides of exchanges. */
export interface TokenExchangeSettings {
  /** How many times what comes of one token may be exchanged. */
  readonly maxDepth: number
  /** Whether a client may make a token of its own weaker, for the same resource. */
  readonly selfExchange: boolean
  /** The first that fits counts. */
  readonly allow: readonly ExchangeRule[]
  /** By resource: the `sub` of the party that its tokens name as one that may act. */
  readonly mayAct: ReadonlyMap<string, string>
}

/** That tokens for one resource may become tokens for another. */
export interface ExchangeRule {
  readonly from: string
  readonly to: string
  /** For this client; null: for the server of `from`, and whom `may_act` names. */
  readonly client: string | null
  /** The most that comes of it; null: whatever the subject token has. */
  readonly scopes: readonly string[] | null
  /** Whether the actor must be named. */
  readonly actor: 'optional' | 'required'
}

/** An exchange that is asked for. The tokens have been verified. */
export interface Asked {
  readonly client: Client
  readonly subject: AccessTokenClaims
  readonly actor: AccessTokenClaims | null
  readonly target: Resource
}

/** Pure. The scopes that the permission is limited to; null: those of the subject token. */
export function checkPolicy(
  { client, subject, actor, target }: Asked,
  { allow, selfExchange }: Pick<TokenExchangeSettings, 'allow' | 'selfExchange'>,
): Result<readonly string[] | null, Rejection> {
  const audience = [subject.aud].flat()
  const isOwn = subject.client_id === client.id
  const isServer = client.resource !== null && audience.includes(client.resource)
  // `may_act` names a client. A person by the same name is somebody else.
  const mayAct = actor !== null && actor.sub === actor.client_id && subject.may_act?.sub === actor.sub
  const isFor = (rule: ExchangeRule): boolean =>
    rule.client === null ? client.resource === rule.from || mayAct : client.id === rule.client
  const rules = allow.filter((rule) => audience.includes(rule.from) && isFor(rule))
  // It came by the token in a way that nobody meant.
  if (!isOwn && !isServer && !mayAct && rules.length === 0) return reject('foreign_subject_token')
  const rule = rules.find(({ to }) => to === target.identifier)
  if (rule !== undefined) {
    return rule.actor === 'required' && actor === null ? reject('missing_actor_token') : ok(rule.scopes)
  }
  const isSame = audience.includes(target.identifier)
  return isSame && (mayAct || (isOwn && selfExchange)) ? ok(null) : reject('exchange_not_allowed')
}
