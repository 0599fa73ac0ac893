/**
 * Who may register a client, and how long it stays.
 *
 * @see docs/adr/0043-approved-redirects.md
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import * as v from 'valibot'
import { classifyRedirectUri } from '../../shared/redirect-uri.ts'
import { DAY, MINUTE } from './limits.ts'
import { choice, list, seconds } from './setting.ts'

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

export const RegistrationConfig = v.strictObject({
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
})

/** `*` stands for a path segment: in a host it would approve other people's sites. */
function isRedirectPattern(uri: string): boolean {
  const exact = uri.endsWith('/*') ? uri.slice(0, -1) : uri
  return classifyRedirectUri(exact).ok && !exact.includes('*')
}
