/**
 * Signing in at companies' own identity providers.
 *
 * @see OpenID Connect Core 1.0 section 3.1
 * @see docs/adr/0191-signing-in-elsewhere.md
 * @module
 */
import * as v from 'valibot'
import { checkUrl } from '../../shared/url-policy.ts'
import { DAY, MINUTE } from './limits.ts'
import { nonEmpty, seconds, structure, yesOrNo } from './setting.ts'
import { ISSUER_ALGORITHMS } from './trusted-issuer.ts'

/** Part of an address of this server, and of the name of a variable. */
const ProviderId = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,31}$/))

const names = v.pipe(v.array(nonEmpty), v.nonEmpty())
const domains = v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/))), v.nonEmpty())

/** Of an authorization request: what the checks of an answer rest on, and what has a setting of its own. */
const OURS = [
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'prompt', 'max_age'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'registration', 'id_token_hint', 'resource'],
]

export const OidcProviderConfig = v.strictObject({
  /** In the callback's address. */
  id: ProviderId,
  /** On the button: "Continue with NAME". */
  name: v.pipe(nonEmpty, v.maxLength(60)),
  issuer: nonEmpty,
  client_id: nonEmpty,
  /** Better in the environment: SALLYPORT_OIDC_<ID>_CLIENT_SECRET. */
  client_secret: v.optional(nonEmpty),
  /** A private JWK, for private_key_jwt. */
  client_key: v.optional(v.looseObject({ kty: nonEmpty, alg: v.optional(nonEmpty), kid: v.optional(nonEmpty) })),
  client_auth: v.optional(v.picklist(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])),
  /** Beside `openid`. */
  scopes: v.optional(v.array(v.pipe(v.string(), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)))),
  domains: v.optional(domains),
  groups: v.optional(names),
  claims: v.optional(
    v.strictObject({
      username: v.optional(nonEmpty),
      name: v.optional(nonEmpty),
      email: v.optional(nonEmpty),
      groups: v.optional(nonEmpty),
    }),
  ),
  prompt: v.optional(v.picklist(['login', 'consent', 'select_account'])),
  /** More of the authorization request, which the provider has its own names for. */
  parameters: v.optional(
    v.record(
      v.pipe(
        nonEmpty,
        v.check((name) => !OURS.includes(name), 'set by this server'),
      ),
      v.string(),
    ),
  ),
  accounts: v.optional(v.picklist(['create', 'linked'])),
  userinfo: v.optional(v.boolean()),
  algorithms: v.optional(v.pipe(v.array(v.picklist(ISSUER_ALGORITHMS)), v.nonEmpty())),
  /** Who else may be named in ID tokens. */
  audiences: v.optional(names),
  sign_out: v.optional(v.boolean()),
  logout_ends_access: v.optional(v.boolean()),
})
export type OidcProviderConfig = v.InferOutput<typeof OidcProviderConfig>

const SHAPE =
  'a list of { id, name, issuer, client_id, client_secret?, client_key?, client_auth?, scopes?, domains?, groups?, claims?: { username?, name?, email?, groups? }, prompt?, parameters?, accounts?, userinfo?, algorithms?, audiences?, sign_out?, logout_ends_access? }'

export const OidcConfig = v.strictObject({
  providers: v.optional(
    structure(
      v.array(OidcProviderConfig),
      SHAPE,
      "Companies' identity providers (OpenID Connect) that people can sign in at. Secrets belong into `SALLYPORT_OIDC_<ID>_CLIENT_SECRET`. See [company sign-in](company-sign-in.md).",
      { defaultText: 'none' },
    ),
    [],
  ),
  passwords: v.optional(
    yesOrNo('Whether people can sign in with a name and a password of this server beside `oidc.providers`.'),
    true,
  ),
  revalidate_every: v.optional(
    seconds(
      MINUTE,
      30 * DAY,
      'How often a provider that gave a refresh token (scope `offline_access`) is asked whether somebody is still one of its people. Who is not loses every session and grant.',
    ),
    3600,
  ),
  unseen_lifetime: v.optional(
    seconds(
      0,
      3650 * DAY,
      'How long somebody keeps access whose provider says nothing of them: because it gave no refresh token, or cannot be reached. Then they have to sign in again, and applications have to ask again. 0: for as long as the grants last.',
    ),
    0,
  ),
  private_networks: v.optional(
    yesOrNo(
      'Whether providers may have addresses of private networks (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7). They must have https anyway.',
    ),
    false,
  ),
})
export type OidcConfig = v.InferOutput<typeof OidcConfig>

/** The variable that holds the secret of a provider. */
export const secretVariable = (id: string): string =>
  `SALLYPORT_OIDC_${id.toUpperCase().replaceAll('-', '_')}_CLIENT_SECRET`

/** The settings with the secrets that the environment holds: those win, as everywhere. */
export function withProviderSecrets<Given extends { readonly oidc: OidcConfig }>(
  config: Given,
  env: Readonly<Record<string, string | undefined>>,
): Given {
  const providers = config.oidc.providers.map((provider) => {
    const secret = env[secretVariable(provider.id)]
    return secret === undefined || secret === '' ? provider : { ...provider, client_secret: secret }
  })
  return { ...config, oidc: { ...config.oidc, providers } }
}

/** How this server proves itself there: as it was said, or with what is at hand. Not at all only where that is said: a variable that was forgotten is no decision. */
export const clientAuthOf = ({ client_auth, client_key }: OidcProviderConfig) =>
  client_auth ?? (client_key === undefined ? 'client_secret_basic' : 'private_key_jwt')

/** What is wrong although each member is well-formed; null: nothing. */
export function oidcProblem({ providers, passwords }: OidcConfig, own: string, dev: boolean): string | null {
  if (providers.length === 0) {
    return passwords ? null : 'oidc.passwords is off and there are no oidc.providers: nobody could sign in.'
  }
  const ids = providers.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) return `oidc.providers: ${twice} is there twice.`
  // A logout token and an identity name the issuer alone.
  const issuers = providers.map(({ issuer }) => issuer)
  const same = issuers.find((issuer, index) => issuers.indexOf(issuer) !== index)
  if (same !== undefined) return `oidc.providers: two have the issuer ${same}.`
  return providers.map((provider) => providerProblem(provider, own, dev)).find((problem) => problem !== null) ?? null
}

function providerProblem(provider: OidcProviderConfig, own: string, dev: boolean): string | null {
  const { id, issuer, client_secret, client_key } = provider
  const where = `oidc.providers: ${id}`
  const checked = checkUrl(issuer, dev ? 'http://localhost' : undefined)
  if (!checked.ok && checked.error !== 'special_use_address')
    return `${where} has an issuer that is no https URL: ${issuer}`
  if (issuer.includes('?')) return `${where} has an issuer with a query.`
  if (issuer.replace(/\/$/, '') === own.replace(/\/$/, '')) return `${where} has this server itself as its issuer.`
  const method = clientAuthOf(provider)
  if (method.startsWith('client_secret') && client_secret === undefined)
    return `${where} has no client_secret: put it into ${secretVariable(id)}.`
  if (method === 'private_key_jwt' && client_key?.['d'] === undefined)
    return `${where} has no client_key, a private JWK, for private_key_jwt.`
  if (method === 'private_key_jwt' && !fitsKey(client_key?.alg ?? 'ES256', client_key))
    return `${where} has a client_key whose alg does not fit it: RS256 or PS256 for RSA, ES256 (the default) for P-256, ES384 for P-384, EdDSA for Ed25519.`
  // OpenID Connect Core 1.0 section 5.1: `email_verified` speaks of `email`.
  const { email = 'email' } = provider.claims ?? {}
  if (provider.domains !== undefined && email !== 'email')
    return `${where} has domains, and claims.email is ${email}: providers verify only what they call email.`
  return null
}

/** What keys of an algorithm are: `kty` and, where it has one, `crv`. */
const KEYS: Readonly<Record<string, string>> = {
  RS256: 'RSA',
  PS256: 'RSA',
  ES256: 'EC P-256',
  ES384: 'EC P-384',
  EdDSA: 'OKP Ed25519',
  Ed25519: 'OKP Ed25519',
}

const fitsKey = (alg: string, key: OidcProviderConfig['client_key']): boolean =>
  KEYS[alg] === [key?.kty, key?.['crv']].filter((part) => part !== undefined).join(' ')
