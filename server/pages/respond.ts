/**
 * The two answers that the pages give: a page, and a redirect that turns a POST into a GET. Both carry the security headers.
 *
 * @see OAuth 2.1 section 7.11 (draft-ietf-oauth-v2-1-16): no framing
 * @see OAuth 2.1 section 7.5.4: 303, so that no browser posts credentials on to the next URL
 *
 * @standard CSP: Content Security Policy Level 3
 * @status used
 * @does pages run no script, load what is ours alone, and are framed by nobody
 * @published https://www.w3.org/TR/CSP3/
 * @module
 */
import type { Html } from './html.ts'

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/** No script at all, style and icon from here only, no framing. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/** How a page is sent. */
export interface PageResponse {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Whether a form of the page may end at another site: a client's, or a company's provider. Browsers apply `form-action` to every redirect that
   * follows, and those may redirect further, so a page on the way there cannot have it.
   */
  readonly leadsElsewhere?: boolean
}

export function pageResponse(
  page: Html,
  { status = 200, headers = {}, leadsElsewhere = false }: PageResponse = {},
): Response {
  return new Response(page.toString(), {
    status,
    headers: {
      ...SECURITY_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': leadsElsewhere
        ? CONTENT_SECURITY_POLICY
        : `${CONTENT_SECURITY_POLICY}; form-action 'self'`,
      ...headers,
    },
  })
}

/** `location` is a path of ours, or what the core decided. */
export function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 303, headers: { ...SECURITY_HEADERS, location, ...headers } })
}
