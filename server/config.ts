/**
 * Every setting of the server: its type, default, unit and meaning. Flags (`--refresh-replay-window`), environment names
 * (`SALLYPORT_REFRESH_REPLAY_WINDOW`), the help text and `docs/settings.md` all come from this one schema.
 *
 * @module
 */
import * as v from 'valibot'
import { classifyRedirectUri } from '../shared/redirect-uri.ts'
import { CimdConfig } from './config/cimd.ts'
import { DAY, LONGEST_ACCESS_TOKEN, MINUTE } from './config/limits.ts'
import { RateLimitSettings } from './config/rate-limits.ts'
import { RESOURCE_SHAPE, ResourceConfig } from './config/resource.ts'
import { choice, list, nonEmpty, seconds, structure, text, webPage, whole, yesOrNo } from './config/setting.ts'

/** Where the hosts in the field take their authorization answers, loopback apart (that is always approved). */
export const KNOWN_HOST_CALLBACKS: readonly string[] = [
  'https://claude.ai/api/mcp/auth_callback',
  'https://claude.com/api/mcp/auth_callback',
  'https://chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgpt.com/connector/oauth/*',
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'https://www.cursor.com/agents/mcp/oauth/callback',
  'https://vscode.dev/redirect',
  'https://insiders.vscode.dev/redirect',
]

const SECRET_WANTED = 'at least 32 bytes, e.g. from `openssl rand -base64 32`'

const secretText = v.pipe(
  v.string(),
  v.check((value) => new TextEncoder().encode(value).length >= 32),
)

export const Config = v.strictObject({
  issuer: v.optional(
    text(
      nonEmpty,
      'a URL',
      'The public URL of this server, which clients compare byte for byte: https, or http on loopback; no query, no fragment.',
      { dev: '`http://localhost:PORT`', defaultText: 'none: must be set' },
    ),
  ),
  port: v.optional(whole(0, 65535, 'The TCP port to listen on.'), 9100),
  host: v.optional(
    text(
      nonEmpty,
      'an address',
      'The address to listen on. `localhost` means this machine only, over IPv4 and IPv6; `0.0.0.0` or `::` everyone (containers).',
    ),
    'localhost',
  ),
  workers: v.optional(
    whole(
      1,
      256,
      'How many processes serve, on one port; more than one needs Linux. A file database is shared, one in memory cannot be.',
    ),
    1,
  ),
  trusted_proxies: v.optional(
    list(
      v.union([v.literal('loopback'), v.pipe(v.string(), v.ip())]),
      'IP addresses, or loopback',
      "Reverse proxies whose `X-Forwarded-For` names the client, for limits and the brake on password guessing; `loopback` for this machine's. Behind one that is not listed, everyone counts as one address.",
    ),
    [],
  ),
  database: v.optional(
    text(
      v.pipe(v.string(), v.regex(/^(sqlite:.|postgres(ql)?:\/\/.)/)),
      'sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME',
      'Where everything is stored: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.',
    ),
    'sqlite:.sallyport/sallyport.db',
  ),
  sqlite: v.optional(
    v.strictObject({
      synchronous: v.optional(
        choice(
          ['full', 'normal'],
          'Whether SQLite answers only when a commit has reached the disk. With `normal` a power failure may take the last answers back, and clients that hold them look like thieves.',
        ),
        'full',
      ),
    }),
    {},
  ),
  secret: v.optional(
    text(
      secretText,
      SECRET_WANTED,
      'At least 32 bytes that nobody else knows, e.g. from `openssl rand -base64 32`. Encrypts the signing keys at rest.',
      { dev: 'generated, kept in `.sallyport/secret`', defaultText: 'none: must be set', noFlag: true },
    ),
  ),
  previous_secret: v.optional(
    text(
      secretText,
      SECRET_WANTED,
      'A second secret that opens the signing keys, while the secret is being changed: at the start they are encrypted with `secret` again.',
      { defaultText: 'none', noFlag: true },
    ),
  ),
  config: v.optional(
    text(nonEmpty, 'a path', 'The config file.', {
      defaultText: '`sallyport.config.ts` or `sallyport.config.json`, where there is one',
    }),
  ),
  dev: v.optional(
    yesOrNo('Development: defaults that need no preparation. Refused unless the issuer is on loopback.'),
    false,
  ),
  dev_login: v.optional(
    text(
      nonEmpty,
      "a user's name",
      'Signs every authorization request in as this user and approves it without a page, for headless tests. Refused unless the issuer is on loopback.',
      { defaultText: 'off' },
    ),
  ),
  log: v.optional(
    v.strictObject({
      level: v.optional(
        choice(['debug', 'info', 'warning', 'error'], 'The least important messages that are logged.'),
        'info',
      ),
      format: v.optional(
        choice(['text', 'json'], 'Lines for people, or one JSON object per line. Both go to stderr.', { dev: 'text' }),
        'json',
      ),
    }),
    {},
  ),
  oauth: v.optional(
    v.strictObject({
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
    }),
    {},
  ),
  metadata: v.optional(
    v.strictObject({
      service_documentation: v.optional(webPage('A page for developers of clients, for the metadata.')),
      op_policy_uri: v.optional(webPage('A page on what clients may do with what they learn here, for the metadata.')),
      op_tos_uri: v.optional(webPage('The terms of service of this server, for the metadata.')),
    }),
    {},
  ),
  code: v.optional(
    v.strictObject({
      lifetime: v.optional(seconds(1, 10 * MINUTE, 'How long an authorization code can be redeemed.'), MINUTE),
    }),
    {},
  ),
  access_token: v.optional(
    v.strictObject({
      lifetime: v.optional(
        seconds(1, LONGEST_ACCESS_TOKEN, 'How long an access token is valid. Hosts refresh up to five minutes early.'),
        15 * MINUTE,
      ),
      algorithm: v.optional(choice(['ES256', 'RS256'], 'What access tokens are signed with.'), 'ES256'),
    }),
    {},
  ),
  keys: v.optional(
    v.strictObject({
      rotation_interval: v.optional(
        seconds(
          0,
          3650 * DAY,
          'How long a signing key signs before the next one takes over by itself, an hour at least; 0: until `sallyport keys rotate`.',
        ),
        30 * DAY,
      ),
    }),
    {},
  ),
  refresh: v.optional(
    v.strictObject({
      replay_window: v.optional(
        seconds(
          0,
          5 * MINUTE,
          'How long a refresh token that was just used still gets its successor once more, for lost answers and racing processes; 0: never.',
        ),
        10,
      ),
      idle_lifetime: v.optional(seconds(1, 3650 * DAY, 'How long a refresh token can go unused.'), 30 * DAY),
      absolute_lifetime: v.optional(
        seconds(1, 3650 * DAY, 'How long after consent refreshing ends and the person must sign in again.'),
        90 * DAY,
      ),
    }),
    {},
  ),
  registration: v.optional(
    v.strictObject({
      mode: v.optional(
        choice(
          ['approved_redirects', 'open', 'admin_only'],
          'Who may register a client: anyone with loopback or approved redirect URIs, anyone at all, or only an administrator and who has an initial access token (`sallyport registration-tokens create`).',
        ),
        'approved_redirects',
      ),
      approved_redirects: v.optional(
        list(
          v.pipe(v.string(), v.check(isRedirectPattern)),
          'redirect URIs, with * at most as the whole last path segment',
          'Redirect URIs, compared exactly, that a client may register; a last segment `*` stands for any one path segment.',
          { defaultText: 'the callbacks of Claude, ChatGPT, Cursor and VS Code' },
        ),
        [...KNOWN_HOST_CALLBACKS],
      ),
      unused_lifetime: v.optional(
        seconds(MINUTE, 3650 * DAY, 'How long a client that registered itself and was never used is kept.'),
        DAY,
      ),
      idle_lifetime: v.optional(
        seconds(
          2 * DAY,
          3650 * DAY,
          'How long a client that registered itself is kept after it was last used. While something that it was granted is alive it is kept anyway.',
        ),
        90 * DAY,
      ),
    }),
    {},
  ),
  cimd: v.optional(CimdConfig, {}),
  client_credentials: v.optional(
    v.strictObject({
      enabled: v.optional(
        yesOrNo(
          'Whether clients that an administrator registered for it get access tokens of their own, without a person.',
        ),
        false,
      ),
    }),
    {},
  ),
  compat: v.optional(
    v.strictObject({
      token_endpoint_audience: v.optional(
        yesOrNo(
          'Whether clients that sign who they are may name the token endpoint as the audience, as they did before RFC 7523 was revised. Another server can then be tricked into using what a client signed for this one.',
        ),
        false,
      ),
    }),
    {},
  ),
  rate_limits: v.optional(RateLimitSettings, {}),
  session: v.optional(
    v.strictObject({
      lifetime: v.optional(seconds(1, 365 * DAY, 'How long a browser stays signed in.'), DAY),
    }),
    {},
  ),
  audit: v.optional(
    v.strictObject({
      retention: v.optional(
        seconds(0, 3650 * DAY, 'How long the audit log keeps an entry; 0: for ever. Nothing deletes one before.'),
        90 * DAY,
      ),
    }),
    {},
  ),
  flows: v.optional(
    v.strictObject({
      retention: v.optional(
        seconds(60, 90 * DAY, 'How long the flow trace keeps the steps of attempts to connect.'),
        3 * DAY,
      ),
    }),
    {},
  ),
  shutdown: v.optional(
    v.strictObject({
      drain: v.optional(
        seconds(
          0,
          300,
          'How long the server goes on serving after SIGTERM, while `/health/ready` says 503: load balancers must notice.',
          { dev: 0 },
        ),
        5,
      ),
      limit: v.optional(
        seconds(0, 600, 'How long requests in flight then get to finish. Streams that never end are cut off.', {
          dev: 3,
        }),
        10,
      ),
    }),
    {},
  ),
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

/** `*` stands for a path segment: in a host it would approve other people's sites. */
function isRedirectPattern(uri: string): boolean {
  const exact = uri.endsWith('/*') ? uri.slice(0, -1) : uri
  return classifyRedirectUri(exact).ok && !exact.includes('*')
}
