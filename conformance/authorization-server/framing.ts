/**
 * Whether a page can be shown in a frame of another site, as browsers read its headers.
 *
 * @see CSP Level 3, section 6.4.2: frame-ancestors
 * @see HTML, section 7.4.5 (`X-Frame-Options`): only DENY and SAMEORIGIN count, and only where there is no frame-ancestors
 * @module
 */

/** Why it can; undefined where it cannot. Sites that are named are the operator's choice. */
export function whyFramed(headers: Headers): string | undefined {
  // Several policies come in one field, with commas between them; each of them must agree.
  const policies = (headers.get('content-security-policy') ?? '').split(',').map(ancestorsOf)
  const named = policies.filter((sources) => sources !== undefined)
  if (named.length > 0) {
    const open = named.every((sources) => sources.some((source) => ANYBODY.test(source)))
    return open ? `frame-ancestors ${named.map((sources) => sources.join(' ')).join(', ')}` : undefined
  }
  const options = headers.get('x-frame-options')
  if (options === null) return 'neither'
  const values = options.split(',').map((value) => value.trim().toLowerCase())
  return values.some((value) => value === 'deny' || value === 'sameorigin') ? undefined : `X-Frame-Options: ${options}`
}

/** The sources of the first such directive: browsers ignore a second one. */
function ancestorsOf(policy: string): readonly string[] | undefined {
  const directives = policy.split(';').map((directive) => directive.trim().split(/\s+/))
  return directives.find(([name]) => name?.toLowerCase() === 'frame-ancestors')?.slice(1)
}

/** `*`, a scheme alone, or every host of one. */
const ANYBODY = /^(?:\*|[a-z][a-z0-9+.-]*:(?:\/\/\*)?)(?::(?:\*|\d+))?\/?$/i
