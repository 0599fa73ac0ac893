/**
 * How the endpoints take requests that could be taken otherwise, and what the metadata says besides.
 *
 * @module
 */
import * as v from 'valibot'
import { webPage, yesOrNo } from './setting.ts'

export const OAuthConfig = v.strictObject({
  require_scope: v.optional(
    yesOrNo("Whether a request without a scope is refused. When off it is granted the resource's default scopes.", {
      dev: false,
    }),
    true,
  ),
  localhost_any_port: v.optional(
    yesOrNo(
      'Whether a redirect URI at `http://localhost` matches with any port, as those at `127.0.0.1` and `[::1]` always do.',
    ),
    true,
  ),
})

export const MetadataConfig = v.strictObject({
  service_documentation: v.optional(webPage('A page for developers of clients, for the metadata.')),
  op_policy_uri: v.optional(webPage('A page on what clients may do with what they learn here, for the metadata.')),
  op_tos_uri: v.optional(webPage('The terms of service of this server, for the metadata.')),
})

export const ClientCredentialsConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether clients that an administrator registered for it get access tokens of their own, without a person.',
    ),
    false,
  ),
})

export const CompatConfig = v.strictObject({
  token_endpoint_audience: v.optional(
    yesOrNo(
      'Whether clients that sign who they are may name the token endpoint as the audience, as they did before RFC 7523 was revised. Another server can then be tricked into using what a client signed for this one.',
    ),
    false,
  ),
})
