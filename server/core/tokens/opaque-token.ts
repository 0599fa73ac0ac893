/**
 * Codes and refresh tokens: `LOCATOR.SECRET`. The locator says where the record is kept, so that what comes together is stored together; only
 * the secret part is hard to guess.
 *
 * @see docs/adr/0077-tokens-say-where-they-are-kept.md
 * @module
 */
import type { Hash, Ordinal, Random } from '../ports.ts'

interface Source {
  readonly ordinal: Ordinal
  readonly random: Random
}

/** The id of a new grant. It begins like a locator, so that new grants are stored side by side. */
export const createGrantId = ({ ordinal, random }: Source): string => `${ordinal()}${random(16)}`

export const createOpaqueToken = ({ ordinal, random }: Source): string => `${ordinal()}.${random()}`

/** What is stored of a token: its locator, and the hash of all of it. Tokens from before there were locators have none. */
export async function hashOpaqueToken(token: string, hash: Hash): Promise<string> {
  const locator = LOCATOR.exec(token)?.[0] ?? ''
  return locator + (await hash(token))
}

/** With its dot. Anything else is the locator of nothing. */
const LOCATOR = /^\w{1,32}\.(?=[\w-]+$)/
