/**
 * What the settings say of token exchange, as the core takes it.
 *
 * @see docs/adr/0181-who-may-exchange-what.md
 * @module
 */
import type { Settings } from './config.ts'
import type { IdJagSettings } from './core/grants/token-exchange/id-jag-policy.ts'
import type { TokenExchangeSettings } from './core/grants/token-exchange/policy.ts'

/** Undefined where it is off. */
export const exchangeSettings = ({
  token_exchange: { enabled, allow, may_act, self_exchange, max_depth },
  id_jag,
}: Pick<Settings, 'token_exchange' | 'id_jag'>): {
  readonly tokenExchange: TokenExchangeSettings | undefined
  readonly idJag: IdJagSettings | undefined
} => ({
  tokenExchange: enabled
    ? {
        maxDepth: max_depth,
        selfExchange: self_exchange === 'same_resource',
        allow: allow.map(({ client = null, scopes = null, ...rule }) => ({ ...rule, client, scopes })),
        mayAct: new Map(Object.entries(may_act)),
      }
    : undefined,
  idJag: id_jag.enabled
    ? {
        lifetime: id_jag.lifetime,
        audiences: id_jag.audiences.map(({ clients, scopes, ...one }) => ({
          ...one,
          clients: new Map(Object.entries(clients)),
          scopes: new Map(Array.isArray(scopes) ? scopes.map((scope) => [scope, scope]) : Object.entries(scopes)),
        })),
      }
    : undefined,
})
