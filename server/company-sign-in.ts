/**
 * Signing in at companies' identity providers, from the settings.
 *
 * @module
 */
import type { JWK } from 'jose'
import { clientAuthOf, type OidcProviderConfig } from './config/oidc.ts'
import { ISSUER_ALGORITHMS } from './config/trusted-issuer.ts'
import type { Settings } from './config.ts'
import type { OutboundDoor } from './core/outbound.ts'
import type { Identity } from './core/records.ts'
import { createIssuerKeys } from './core/trusted-issuers/issuer-keys.ts'
import type { OidcContext, OnWarning } from './login/oidc/context.ts'
import { createUpstream, type OidcUpstream } from './login/oidc/create-upstream.ts'
import type { ClaimNames, OidcProvider, UpstreamClientAuth } from './login/oidc/provider.ts'
import { createOutbound } from './outbound/create-outbound.ts'
import { hash } from './store/hash.ts'
import { createKeyVault, type KeyVault } from './store/key-vault.ts'
import type { OpenStore } from './store/open-store.ts'
import { sealer } from './store/sealer.ts'

export interface CompanySignInOptions extends Pick<OidcContext, 'now' | 'random' | 'audit'> {
  readonly store: OpenStore
  /** Told of what keeps people's access from being looked after. Default: nobody is. */
  readonly onWarning?: OnWarning | undefined
  /** Default: the safe fetch, as the settings have it. */
  readonly door?: OutboundDoor | undefined
}

/** Undefined: there are no providers. */
export const companySignIn = async (
  settings: Settings,
  options: CompanySignInOptions,
): Promise<OidcUpstream | undefined> =>
  settings.oidc.providers.length === 0 ? undefined : companies(settings, options)

/** Also without providers: somebody may have signed in at one that there was. */
export async function companies(
  settings: Settings,
  { store, door, onWarning = () => {}, ...tools }: CompanySignInOptions,
): Promise<OidcUpstream> {
  const { oidc, dev, issuer } = settings
  const vault = await refreshTokenVault(settings)
  const way = door ?? createOutbound({ development: dev, privateNetworks: oidc.private_networks })
  return createUpstream({
    issuer,
    providers: oidc.providers.map(toProvider),
    store,
    door: way,
    keys: createIssuerKeys({ outbound: way, store, now: tools.now }),
    vault: { seal: vault.seal, open: async (sealed) => (await vault.open(sealed))?.text ?? null },
    sealer,
    hash,
    revalidation: { every: oidc.revalidate_every, unseen: oidc.unseen_lifetime === 0 ? null : oidc.unseen_lifetime },
    passwords: oidc.passwords,
    development: dev,
    onWarning,
    ...tools,
  })
}

const refreshTokenVault = ({ secret, previous_secret: previousSecret }: Settings): Promise<KeyVault> =>
  createKeyVault({ secret, previousSecret }, 'sallyport refresh tokens of providers')

/**
 * While the secret is being changed: seals with the current one what was sealed with the previous one. Others may be at it, too.
 *
 * @see docs/adr/0026-changing-the-secret.md
 */
export async function resealRefreshTokens(
  settings: Settings,
  { identities }: Pick<OpenStore, 'identities'>,
): Promise<void> {
  if (settings.previous_secret === undefined) return
  const vault = await refreshTokenVault(settings)
  const reseal = async ({ issuer, subject, sealedRefreshToken: before }: Identity): Promise<void> => {
    const opened = before === null ? null : await vault.open(before)
    if (before !== null && opened?.outdated)
      await identities.reseal({ issuer, subject }, before, await vault.seal(opened.text))
  }
  let step = await identities.listSealed({ issuer: '', subject: '' }, STEP)
  for (let last = step.at(-1); last !== undefined; last = step.at(-1)) {
    await Promise.all(step.map(reseal))
    step = await identities.listSealed(last, STEP)
  }
}

/** Refresh tokens that are sealed anew at once. */
const STEP = 100

const toProvider = (config: OidcProviderConfig): OidcProvider => ({
  id: config.id,
  name: config.name,
  issuer: config.issuer,
  clientId: config.client_id,
  clientAuth: toClientAuth(config),
  scopes: config.scopes ?? ['profile', 'email', 'offline_access'],
  domains: config.domains ?? null,
  groups: config.groups ?? null,
  claims: toClaims(config),
  prompt: config.prompt ?? null,
  parameters: config.parameters ?? {},
  accounts: config.accounts ?? 'create',
  userinfo: config.userinfo ?? true,
  algorithms: config.algorithms ?? ISSUER_ALGORITHMS,
  audiences: config.audiences ?? [],
  signOut: config.sign_out ?? true,
  logoutEndsAccess: config.logout_ends_access ?? false,
})

const toClaims = ({ claims = {} }: OidcProviderConfig): ClaimNames => ({
  username: claims.username ?? 'preferred_username',
  name: claims.name ?? 'name',
  email: claims.email ?? 'email',
  groups: claims.groups ?? 'groups',
})

/** The start rules have seen that what it needs is there. */
function toClientAuth(config: OidcProviderConfig): UpstreamClientAuth {
  const method = clientAuthOf(config)
  const { client_secret: secret = '', client_key: key = { kty: '' } } = config
  switch (method) {
    case 'none':
      return { method }
    case 'private_key_jwt':
      return { method, key: toJwk(key) }
    default:
      return { method, secret }
  }
}

function toJwk({ alg, kid, ...key }: NonNullable<OidcProviderConfig['client_key']>): JWK {
  return { ...key, alg: alg ?? 'ES256', ...(kid === undefined ? {} : { kid }) }
}
