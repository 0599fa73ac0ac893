/**
 * `WWW-Authenticate`: reading every challenge of a response by grammar, and writing one.
 *
 * @see RFC 9110 section 11.2 and section 11.6.1: the grammar, several challenges in one field
 * @see RFC 6750 section 3: the Bearer parameters
 * @see RFC 9728 section 5.1: `resource_metadata`
 * @module
 */

/** One challenge. Scheme and parameter names are lower case; values are unquoted. */
export interface Challenge {
  readonly scheme: string
  readonly params: Readonly<Record<string, string>>
  /** The bare credentials of schemes such as Negotiate, instead of parameters. */
  readonly token68?: string
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y
/**
 * `name = "quoted"`, or without quotes, as seen in the field for what is no token: URLs, scopes such as `notes:read`. That ends at white space
 * or a comma.
 */
const PARAM = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s",]+))/y
const SPACE = /[ \t]*/y
const SEPARATOR = /[ \t,]*/y

/**
 * Every challenge in a `WWW-Authenticate` value, in order. Repeated header lines, joined by `Headers` with a comma, read the same.
 * Two deviations seen in the field are read too: an unquoted URL, and an unquoted scope with colons. A repeated parameter
 * keeps its first value. Text that fits no grammar ends the reading; what stood before it counts.
 *
 * @example parseChallenges('Basic realm="a, b", Bearer scope="x y"')[1]?.params['scope'] // 'x y'
 */
export function parseChallenges(header: string | null | undefined): readonly Challenge[] {
  const text = header ?? ''
  const challenges: Challenge[] = []
  let at = 0

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) at = pattern.lastIndex
    return match
  }

  /** Null with the position unmoved. */
  const takeParam = (): readonly [string, string] | null => {
    const [, name, quoted, bare = ''] = take(PARAM) ?? []
    return name === undefined ? null : [name.toLowerCase(), quoted?.replace(/\\([\s\S])/g, '$1') ?? bare]
  }

  for (take(SEPARATOR); at < text.length; take(SEPARATOR)) {
    const scheme = take(TOKEN)?.[0].toLowerCase()
    if (scheme === undefined) break
    const spaced = (take(SPACE)?.[0] ?? '') !== ''
    const params: Record<string, string> = Object.create(null)
    const token68 = spaced ? take(TOKEN68)?.[0] : undefined
    let first = token68 === undefined ? takeParam() : null
    if (first === null) {
      const complete = at >= text.length || text[at] === ','
      // `error="x`: a broken parameter is no scheme.
      if (!complete && !spaced) break
      // `Basic, Bearer ...`: a scheme alone. `Bearer Basic` is no challenge: without a comma there is nothing to read on.
      challenges.push(token68 === undefined ? { scheme, params } : { scheme, params, token68 })
      if (!complete) break
      continue
    }
    while (first !== null) {
      params[first[0]] ??= first[1]
      const before = at
      take(SEPARATOR)
      first = takeParam()
      if (first === null) at = before
    }
    challenges.push({ scheme, params })
    if (at < text.length && text[at] !== ',') break
  }
  return challenges
}

/** The first challenge of a scheme, whatever its case. */
export function findChallenge(header: string | null | undefined, scheme: string): Challenge | undefined {
  return parseChallenges(header).find((challenge) => challenge.scheme === scheme.toLowerCase())
}

/**
 * Writes one challenge. Parameters that are `undefined` are left out; characters that a quoted value may not hold are dropped.
 *
 * @example formatChallenge('Bearer', { scope: 'a b' }) // 'Bearer scope="a b"'
 */
export function formatChallenge(scheme: string, params: Readonly<Record<string, string | undefined>>): string {
  const written = Object.entries(params)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}="${value.replace(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '')}"`)
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`
}
