/**
 * Used proofs on SQLite: written one behind the other, and found in memory. A proof that lay where its hash belongs would change a page of its
 * own, each of which goes to the disk twice; behind the last one, those of a whole group share a page.
 *
 * Nothing is decided from memory alone. Whoever writes has the database to itself, and begins by reading what has been committed since it last
 * looked, by this process or by another; what a transaction that was undone had written was never there.
 *
 * @see docs/adr/0207-used-proofs-are-written-behind-each-other.md
 * @module
 */
import { Buffer } from 'node:buffer'
import { type CompiledQuery, sql } from 'kysely'
import { createNumberSet, type NumberSet } from './number-set.ts'
import type { Database, ProofRow, Turn } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

/** A proof, and where it may lie. */
export interface PlacedProof {
  /** In base64url. */
  readonly hash: string
  /** The ends of its period, of the one before and of the one after. */
  readonly period: number
  readonly before: number
  readonly after: number
}

export interface UsedProofs {
  /** What stores the proof; null: it was used before. Called in the turn in which that is run. */
  use(proof: PlacedProof, turn: Turn): CompiledQuery | null
}

/** What is committed of a period. */
interface Period {
  readonly seen: NumberSet
  /** The key of the last row, and how many came before the one that is written next. */
  last: string
  next: number
  /** In which transaction that was so. */
  readIn: number
}

export function createUsedProofs({ db }: Pick<Database, 'db'>): UsedProofs {
  const read = statement((value: Parameter<{ end: number; last: string }>) =>
    db
      .selectFrom('proofs')
      .select('key_hash')
      .where('expires_at', '=', value('end'))
      .where('key_hash', '>', value('last'))
      .orderBy('key_hash')
      .limit(sql.lit(STEP)),
  )
  const append = statement((value: Parameter<ProofRow>) =>
    db.insertInto('proofs').values({ expires_at: value('expires_at'), key_hash: value('key_hash') }),
  )
  const periods = new Map<number, Period>()
  /** What the open transaction stored. It may be undone, so it is not among what is committed. */
  const fresh = new Set<number>()
  let transaction = 0

  function begin(number: number): void {
    transaction = number
    fresh.clear()
    while (periods.size > MAX_PERIODS) periods.delete(Math.min(...periods.keys()))
  }

  function periodOf(end: number, turn: Turn): Period {
    const period = periods.get(end) ?? { seen: createNumberSet(), last: '', next: 0, readIn: 0 }
    if (period.readIn !== transaction) readOn(end, period, turn)
    periods.set(end, period)
    return period
  }

  function readOn(end: number, period: Period, turn: Turn): void {
    for (let rows = STEP; rows === STEP; ) {
      const found = turn.read(read({ end, last: period.last }))
      for (const { key_hash } of found) period.seen.add(numberIn(key_hash))
      period.last = found.at(-1)?.key_hash ?? period.last
      rows = found.length
    }
    period.next = ordinalOf(period.last) + 1
    period.readIn = transaction
  }

  return {
    use({ hash, period: end, before, after }, turn) {
      if (turn.transaction !== transaction) begin(turn.transaction)
      const number = numberOf(hash)
      const period = periodOf(end, turn)
      const known = [period, periodOf(before, turn), periodOf(after, turn)]
      if (fresh.has(number) || known.some(({ seen }) => seen.has(number))) return null
      fresh.add(number)
      return append({ expires_at: end, key_hash: toKey(period.next++, number) })
    },
  }
}

/** Good proofs end in two periods at most, and lie there or in one beside them. */
const MAX_PERIODS = 4

/** Rows that are read at once. */
const STEP = 5000

/** Behind every hash: rows of before this way of keeping them begin with one. */
const MARK = '~'
const DIGITS = 8

/** Hexadecimal digits: 52 bits of the hash, so that a number holds them. */
const LENGTH = 13

const toKey = (ordinal: number, number: number): string =>
  MARK + ordinal.toString(36).padStart(DIGITS, '0') + number.toString(16).padStart(LENGTH, '0')

const ordinalOf = (key: string): number => (key.startsWith(MARK) ? Number.parseInt(key.slice(1, 1 + DIGITS), 36) : 0)

const numberIn = (key: string): number =>
  key.startsWith(MARK) ? Number.parseInt(key.slice(1 + DIGITS), 16) : numberOf(key)

/** Never 0, which is an empty place. */
function numberOf(hash: string): number {
  const bytes = Buffer.from(hash.slice(0, 10), 'base64url')
  return bytes.readUIntBE(0, 6) * 16 + ((bytes[6] ?? 0) >> 4) + 1
}
