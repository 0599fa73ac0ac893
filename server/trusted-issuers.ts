/**
 * Those who vouch for others, from the settings.
 *
 * @module
 */

import { ISSUER_ALGORITHMS, type IssuerConfig } from './config/trusted-issuer.ts'
import type { Settings } from './config.ts'
import type { KeySource, TrustedIssuer, WifSettings, XaaSettings } from './core/trusted-issuers/trusted-issuer.ts'

/** Undefined: ID-JAGs are not redeemed. */
export const xaaOf = ({ xaa }: Pick<Settings, 'xaa'>): XaaSettings | undefined =>
  xaa.enabled
    ? {
        publicClients: xaa.public_clients,
        providers: xaa.providers.map(({ tenant = null, subjects = 'strict', rules, ...issuer }) => ({
          ...toIssuer(issuer),
          tenant,
          subjects,
          rules: rules.map(({ clients = null, resources = null, scopes = null }) => ({ clients, resources, scopes })),
        })),
      }
    : undefined

/** Undefined: there is no workload identity federation. */
export const wifOf = ({ wif }: Pick<Settings, 'wif'>): WifSettings | undefined =>
  wif.enabled
    ? {
        issuers: wif.issuers.map(toIssuer),
        workloads: wif.workloads.map(({ scopes = null, agent = false, ...workload }) => ({
          ...workload,
          scopes,
          agent,
        })),
      }
    : undefined

/** In seconds. */
const USUAL_LIFETIME = 3600

const toIssuer = (config: IssuerConfig): TrustedIssuer => ({
  issuer: config.issuer,
  keys: toKeySource(config),
  algorithms: config.algorithms ?? ISSUER_ALGORITHMS,
  longestLifetime: config.max_lifetime ?? USUAL_LIFETIME,
  reusable: config.reuse ?? false,
})

function toKeySource({ jwks, jwks_uri }: IssuerConfig): KeySource {
  if (jwks !== undefined) return { kind: 'pinned', jwks }
  return jwks_uri === undefined ? { kind: 'discovery' } : { kind: 'published', jwksUri: jwks_uri }
}
