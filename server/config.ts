/**
 * Every setting of the server: its type, default, unit and meaning. Flags (`--refresh-replay-window`), environment names
 * (`SALLYPORT_REFRESH_REPLAY_WINDOW`), the help text and `docs/settings.md` all come from this one schema, whose parts are in `config/`.
 *
 * @module
 */
import * as v from 'valibot'
import { CimdConfig } from './config/cimd.ts'
import { DpopConfig } from './config/dpop.ts'
import { AccessTokenConfig, CodeConfig, KeysConfig, RefreshConfig, SessionConfig } from './config/lifetimes.ts'
import { LISTENING, ShutdownConfig } from './config/listening.ts'
import { OidcConfig } from './config/oidc.ts'
import { PROGRAM } from './config/program.ts'
import { ClientCredentialsConfig, CompatConfig, MetadataConfig, OAuthConfig } from './config/protocol.ts'
import { RateLimitSettings } from './config/rate-limits.ts'
import { AuditConfig, FlowsConfig } from './config/records.ts'
import { RegistrationConfig } from './config/registration.ts'
import { RESOURCE_SHAPE, ResourceConfig } from './config/resource.ts'
import { structure } from './config/setting.ts'
import { STORAGE } from './config/storage.ts'
import { IdJagConfig, TokenExchangeConfig } from './config/token-exchange.ts'
import { WifConfig } from './config/wif.ts'
import { XaaConfig } from './config/xaa.ts'

export const Config = v.strictObject({
  ...LISTENING,
  ...STORAGE,
  ...PROGRAM,
  oauth: v.optional(OAuthConfig, {}),
  metadata: v.optional(MetadataConfig, {}),
  code: v.optional(CodeConfig, {}),
  access_token: v.optional(AccessTokenConfig, {}),
  keys: v.optional(KeysConfig, {}),
  refresh: v.optional(RefreshConfig, {}),
  registration: v.optional(RegistrationConfig, {}),
  cimd: v.optional(CimdConfig, {}),
  client_credentials: v.optional(ClientCredentialsConfig, {}),
  token_exchange: v.optional(TokenExchangeConfig, {}),
  id_jag: v.optional(IdJagConfig, {}),
  dpop: v.optional(DpopConfig, {}),
  xaa: v.optional(XaaConfig, {}),
  wif: v.optional(WifConfig, {}),
  compat: v.optional(CompatConfig, {}),
  rate_limits: v.optional(RateLimitSettings, {}),
  session: v.optional(SessionConfig, {}),
  oidc: v.optional(OidcConfig, {}),
  audit: v.optional(AuditConfig, {}),
  flows: v.optional(FlowsConfig, {}),
  shutdown: v.optional(ShutdownConfig, {}),
  resources: v.optional(
    structure(
      v.array(ResourceConfig),
      `a list of ${RESOURCE_SHAPE}`,
      'The protected resources (MCP servers) that tokens are issued for, with their scopes.',
      { defaultText: 'none' },
    ),
    [],
  ),
})

/** Every setting with its default filled in. */
export type Config = v.InferOutput<typeof Config>

/** What a config file may say. */
export type ConfigInput = v.InferInput<typeof Config>

/** What the server starts with: issuer and secret are there, and the rules between settings hold. */
export interface Settings extends Config {
  readonly issuer: string
  readonly secret: string
}

/** Types a config file: `export const config = defineConfig({ issuer: 'https://auth.example.com' })`. */
export const defineConfig = (config: ConfigInput): ConfigInput => config
