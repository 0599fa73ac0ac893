/**
 * Settings for clients whose id is the URL of a document about them.
 *
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import * as v from 'valibot'
import { list, yesOrNo } from './setting.ts'

/** A host name as URLs have it, or `*.` and one. */
const domain = v.pipe(v.string(), v.regex(/^(?:\*\.)?(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/))

const DOMAINS_WANTED = 'host names in lower case, *.example.com for all below one'

export const CimdConfig = v.strictObject({
  enabled: v.optional(
    yesOrNo(
      'Whether a client id may be the URL of a document about the client, which is read when somebody authorizes it. With `registration.mode` `admin_only` only pinned documents count, unless `cimd.allowed_domains` names domains. Turn it off where this server cannot reach the internet: hosts that see it prefer it to registering.',
    ),
    true,
  ),
  require_https: v.optional(
    yesOrNo('Whether such a URL must be https. Turning it off needs `--dev`, and then lets in http on loopback.', {
      dev: false,
    }),
    true,
  ),
  allowed_domains: v.optional(
    list(domain, DOMAINS_WANTED, 'Whose documents are read; `*.example.com` means all names below that one.', {
      defaultText: "everybody's",
    }),
    [],
  ),
  blocked_domains: v.optional(
    list(
      domain,
      DOMAINS_WANTED,
      'Whose documents are not read, even where they are allowed. What such a client has stops working.',
    ),
    [],
  ),
})
