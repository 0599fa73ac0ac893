/**
 * Signing keys: `sallyport keys ...`.
 *
 * @see docs/adr/0025-the-life-of-a-signing-key.md
 * @module
 */
import { ok } from '../../shared/result.ts'
import {
  JWKS_MAX_AGE,
  KEY_RELOAD_INTERVAL,
  type KeyLife,
  type KeyRecord,
  keyLives,
  PUBLISHED_BEFORE,
} from '../core/key-life-cycle.ts'
import type { Clock } from '../core/ports.ts'
import { type Outcome, refuse } from './context.ts'
import { date, table } from './table.ts'

/** What the commands need of the keys. */
export interface KeyAdministration {
  list(): Promise<readonly KeyRecord[]>
  /** Makes a key that follows those that were listed; null when another process has made one since. */
  add(listed: readonly KeyRecord[], signsFrom: number): Promise<KeyRecord | null>
  /** False: unknown, or it is the one that signs. */
  remove(kid: string, now: number): Promise<boolean>
  /** The longest that an access token can be valid, in seconds. */
  readonly longestToken: number
  readonly now: Clock
}

export async function listKeys({ list, longestToken, now }: KeyAdministration): Outcome {
  const rows = keyLives(await list(), now(), longestToken).map(({ key, state, since, publishedUntil }) => [
    key.kid,
    key.algorithm,
    state,
    date(since),
    state === 'next'
      ? `signs from ${date(key.signsFrom)}`
      : publishedUntil === null
        ? ''
        : `published until ${date(publishedUntil)}`,
  ])
  const header = ['KID', 'ALGORITHM', 'STATE', 'SINCE (UTC)', 'THEN (UTC)']
  return ok(table(header, rows, 'No keys yet: the first start of the server makes one.'))
}

/** `atOnce`: does not wait until everybody has it. */
export async function rotateKeys({ list, add, longestToken, now }: KeyAdministration, atOnce: boolean): Outcome {
  const listed = await list()
  const at = now()
  const lives = keyLives(listed, at, longestToken)
  const next = lives.find(({ state }) => state === 'next')
  if (next !== undefined && !atOnce) {
    return refuse(`${next.key.kid} is next already: it signs from ${date(next.key.signsFrom)} UTC.`)
  }
  const key = await add(listed, atOnce || lives.length === 0 ? at : at + PUBLISHED_BEFORE)
  if (key === null) return refuse('Another process has just made a key. Look with: sallyport keys list')
  if (!atOnce) return ok(`Made ${key.kid}. It is published now and signs from ${date(key.signsFrom)} UTC.`)
  const before = lives.find(({ state }) => state === 'active')
  const lines = [
    `Made ${key.kid}. It signs NOW: every process begins within ${KEY_RELOAD_INTERVAL} seconds.`,
    `Resource servers that do not fetch the key set for a key they do not know refuse its tokens for up to ${JWKS_MAX_AGE} seconds.`,
    ...(before === undefined
      ? []
      : [`The tokens of before still count. To end that: sallyport keys retire ${argument(before.key)}`]),
    ...(next === undefined
      ? []
      : [
          `${next.key.kid}, made before, takes over as planned. Not wanted? sallyport keys retire ${argument(next.key)}`,
        ]),
  ]
  return ok(lines.join('\n'))
}

export async function retireKey({ list, remove, longestToken, now }: KeyAdministration, kid: string): Outcome {
  const life = keyLives(await list(), now(), longestToken).find(({ key }) => key.kid === kid)
  if (life === undefined) return refuse('There is no key of that id. Look with: sallyport keys list')
  if (!(await remove(kid, now()))) {
    return refuse('That key signs now. First make another one sign: sallyport keys rotate --now')
  }
  return ok(
    `Deleted ${kid}; the key set is without it within ${KEY_RELOAD_INTERVAL} seconds.\n${consequence(life, now())}`,
  )
}

/** One in 64 begins with a hyphen, and is no option. */
const argument = ({ kid }: KeyRecord): string => (kid.startsWith('-') ? `-- ${kid}` : kid)

function consequence({ state, publishedUntil }: KeyLife<KeyRecord>, now: number): string {
  if (state === 'next') return 'It had signed nothing.'
  if (publishedUntil !== null && publishedUntil <= now) return 'Its tokens had all expired.'
  return [
    'EVERY ACCESS TOKEN THAT IT SIGNED AND THAT HAS NOT EXPIRED IS DEAD; hosts refresh, people do not sign in again.',
    `Resource servers that keep the key set in a cache take such tokens until that is fetched again (${JWKS_MAX_AGE} seconds by its header, sallyport/server/resource up to 600).`,
  ].join('\n')
}
