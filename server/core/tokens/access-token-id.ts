/**
 * The `jti` of our access tokens. Opaque to everyone else; to us it says what a token rests on, so that ending that ends the token wherever we are
 * asked.
 *
 * ```
 * GRANT.one            from a grant
 * one                  of a client that acts for itself
 * GRANT.one.two        exchanged for GRANT.one
 * .one.two             exchanged for one
 * GRANT.one.two~a~@b   the same, at the hands of an actor with the token `a`, and of client `b` on the way
 * ```
 *
 * @see RFC 9068 section 2.2: `jti`
 * @see docs/adr/0046-access-token-ids.md
 * @see docs/adr/0180-ids-that-carry-their-ancestors.md
 * @module
 */

/** `grantId`: null for a client that acts for itself. */
export const formatAccessTokenId = (grantId: string | null, unique: string): string =>
  grantId === null ? unique : `${grantId}.${unique}`

/** The grant of an access token of ours; null when it has none. */
export function grantOfAccessToken(jti: string): string | null {
  const end = jti.indexOf('.')
  return end <= 0 ? null : jti.slice(0, end)
}

/** The part that no other token has: it is what a token is revoked by. */
export function stemOf(jti: string): string {
  const end = jti.indexOf('~')
  return end < 0 ? jti : jti.slice(0, end)
}

/** What a token was exchanged for, all the way back. */
export interface Ancestry {
  /** The stems of every token that it was made from, those of actors and theirs included. */
  readonly tokens: readonly string[]
  /** The grants of all of them. */
  readonly grantIds: readonly string[]
  /** The clients that held one of them. */
  readonly clientIds: readonly string[]
}

/** Null: it was not exchanged for anything. */
export function ancestryOf(jti: string): Ancestry | null {
  const [stem = '', ...others] = jti.split('~')
  const before = ancestorsOf(stem)
  if (before.length === 0) return null
  const actors = others.filter((other) => !other.startsWith('@'))
  const tokens = [...before, ...actors.flatMap((actor) => [actor, ...ancestorsOf(actor)])]
  return {
    tokens,
    grantIds: [...new Set([stem, ...actors].map(grantOfAccessToken).filter((id) => id !== null))],
    clientIds: others.filter((other) => other.startsWith('@')).map(markedClient),
  }
}

/** How many times it was exchanged. */
export const exchangesOf = (jti: string): number => ancestorsOf(stemOf(jti)).length

/** A token that is exchanged. */
interface Parent {
  readonly jti: string
  readonly clientId: string
}

/** The id of what a token is exchanged for. `actor`: the token of whoever acts. */
export function deriveAccessTokenId(subject: Parent, actor: Parent | null, unique: string): string {
  const [stem = '', ...before] = subject.jti.split('~')
  const [own = '', ...beforeActor] = actor?.jti.split('~') ?? []
  const others = [
    ...before,
    clientMark(subject.clientId),
    ...(actor === null ? [] : [own, ...beforeActor, clientMark(actor.clientId)]),
  ]
  return [`${stem.includes('.') ? stem : `.${stem}`}.${unique}`, ...new Set(others)].join('~')
}

/** `encodeURIComponent` leaves our separators as they are. */
const clientMark = (id: string): string => `@${encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('~', '%7E')}`

/** A mark that nobody made is of nobody. */
function markedClient(mark: string): string {
  try {
    return decodeURIComponent(mark.slice(1))
  } catch {
    return mark
  }
}

/** From the first on. `.a.b` -> `a`; `G.a.b.c` -> `G.a`, `G.a.b`. */
function ancestorsOf(stem: string): readonly string[] {
  const [grantId = '', ...path] = stem.split('.')
  return path
    .slice(0, -1)
    .map((first, index) => (grantId === '' && index === 0 ? first : `${grantId}.${path.slice(0, index + 1).join('.')}`))
}
