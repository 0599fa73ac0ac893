/**
 * Enterprise-managed authorization: tokens for people whom an identity provider vouches for.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant
 * @see docs/adr/0185-who-vouches-for-people.md
 * @module
 */
import * as v from 'valibot'
import { ScopeToken } from '../../shared/scope-syntax.ts'
import { nonEmpty, structure, yesOrNo } from './setting.ts'
import { ISSUER_MEMBERS } from './trusted-issuer.ts'

const names = v.pipe(v.array(nonEmpty), v.nonEmpty())

/** What is left out means any. */
const Rule = v.strictObject({
  clients: v.optional(names),
  resources: v.optional(names),
  scopes: v.optional(v.pipe(v.array(ScopeToken), v.nonEmpty())),
})

export const IdentityProviderConfig = v.strictObject({
  ...ISSUER_MEMBERS,
  /** The one organisation of a provider that serves many. */
  tenant: v.optional(nonEmpty),
  /** Whose people may come: those with an account, or all. */
  subjects: v.optional(v.picklist(['strict', 'auto_map'])),
  rules: v.pipe(v.array(Rule), v.nonEmpty()),
})
export type IdentityProviderConfig = v.InferOutput<typeof IdentityProviderConfig>

const SHAPE =
  'a list of { issuer, jwks_uri?, jwks?, algorithms?, max_lifetime?, reuse?, tenant?, subjects?, rules: [{ clients?, resources?, scopes? }] }'

export const XaaConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      "Whether clients get tokens for people whom one of `xaa.providers` vouches for (ID-JAG), without those people's consent here. It is then advertised.",
    ),
    false,
  ),
  public_clients: v.optional(
    yesOrNo(
      'Whether clients that cannot prove who they are may do so, too: whoever gets hold of what a provider issued for one can use it.',
    ),
    false,
  ),
  providers: v.optional(
    structure(
      v.array(IdentityProviderConfig),
      SHAPE,
      'The identity providers that are trusted, and which clients, resources and scopes that is for. See [enterprise](enterprise.md).',
      { defaultText: 'none' },
    ),
    [],
  ),
})
export type XaaConfig = v.InferOutput<typeof XaaConfig>
