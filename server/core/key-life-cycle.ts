/**
 * The life of a signing key: published first, then signing, then only verifying, then gone. Its state follows from times alone, so
 * that every process sees it change at the same second without being told.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */

/** How long caches keep the key set, in seconds. */
export const JWKS_MAX_AGE = 300

/** How old a process's own picture of the keys may be, in seconds. */
export const KEY_RELOAD_INTERVAL = 10

/** How far apart the clocks of the processes may be, in seconds. */
const CLOCK_DIFFERENCE = 50

/** A key is published so long before it signs: whoever fetched the set from the slowest process just before has fetched it again. In seconds. */
export const PUBLISHED_BEFORE = JWKS_MAX_AGE + KEY_RELOAD_INTERVAL + CLOCK_DIFFERENCE

/** The slowest process signs so much longer with the key of before, in seconds. */
const SIGNS_LONGER = KEY_RELOAD_INTERVAL + CLOCK_DIFFERENCE

/** What is known of a key without opening it. */
export interface KeyRecord {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** 1, 2, 3, ...: in the order of making. */
  readonly generation: number
  readonly algorithm: string
  /** Since when it is published. */
  readonly createdAt: number
  /** It signs from this second on, until that of the next one. */
  readonly signsFrom: number
}

export interface KeyRules {
  /** What the newest key must be for; null: any will do. */
  readonly algorithm: string | null
  /** How long a key signs, in seconds; 0: until an administrator makes the next. */
  readonly rotationInterval: number
  /** The longest that an access token can be valid, in seconds. */
  readonly longestToken: number
}

export type KeyAction =
  | { readonly type: 'add'; readonly signsFrom: number }
  | { readonly type: 'remove'; readonly kid: string }

/** What is to be done now. Pure; doing it twice is prevented by the store. */
export function planKeys(keys: readonly KeyRecord[], now: number, rules: KeyRules): readonly KeyAction[] {
  const newest = bySigning(keys).at(-1)
  // Nobody can have a key set without it yet.
  if (newest === undefined) return [{ type: 'add', signsFrom: now }]
  const { rotationInterval, algorithm } = rules
  const due = rotationInterval > 0 && now + PUBLISHED_BEFORE >= newest.signsFrom + rotationInterval
  const wrong = algorithm !== null && newest.algorithm !== algorithm
  const finished = keyLives(keys, now, rules.longestToken).filter(
    ({ publishedUntil }) => publishedUntil !== null && publishedUntil <= now,
  )
  return [
    ...(due || wrong ? [{ type: 'add', signsFrom: now + PUBLISHED_BEFORE } as const] : []),
    ...finished.map(({ key }) => ({ type: 'remove', kid: key.kid }) as const),
  ]
}

/** The key that signs now; null when there is none at all. */
export function activeKey<Key extends KeyRecord>(keys: readonly Key[], now: number): Key | null {
  const ordered = bySigning(keys)
  // The first of all signs before its time, too: the clock that it was made by may be ahead of this one.
  return ordered.findLast(({ signsFrom }) => signsFrom <= now) ?? ordered[0] ?? null
}

/** A key and where it stands. */
export interface KeyLife<Key extends KeyRecord> {
  readonly key: Key
  readonly state: 'next' | 'active' | 'retired'
  /** Since when it is in that state. */
  readonly since: number
  /** When the last token that it signed has expired; null as long as it signs. */
  readonly publishedUntil: number | null
}

/** Where every key stands, in the order in which they sign. */
export function keyLives<Key extends KeyRecord>(
  keys: readonly Key[],
  now: number,
  longestToken: number,
): readonly KeyLife<Key>[] {
  return bySigning(keys).map((key, index, ordered) => {
    if (key.signsFrom > now && index > 0) return { key, state: 'next', since: key.createdAt, publishedUntil: null }
    const end = ordered[index + 1]?.signsFrom
    if (end === undefined || end > now) return { key, state: 'active', since: key.signsFrom, publishedUntil: null }
    return { key, state: 'retired', since: end, publishedUntil: end + SIGNS_LONGER + longestToken }
  })
}

const bySigning = <Key extends KeyRecord>(keys: readonly Key[]): readonly Key[] =>
  keys.toSorted((a, b) => a.signsFrom - b.signsFrom || a.generation - b.generation)
