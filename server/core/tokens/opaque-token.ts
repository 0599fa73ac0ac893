/**
 * Codes and refresh tokens: `LOCATOR.SECRET`. The locator says where the record is kept, so that what belongs together is stored together
 * and found without an index of its own; only the secret part is hard to guess.
 *
 * @see docs/adr/0077-tokens-say-where-they-are-kept.md
 * @module
 */
import type { Hash, Random } from '../ports.ts'

/** The id of a new grant. It begins with the time, so that new grants are stored side by side. */
export const createGrantId = (at: number, random: Random): string => `${at.toString(36)}${random(16)}`

/** Of the grant alone, for codes; for refresh tokens, of which a grant has many, of the time as well. */
export const createOpaqueToken = (random: Random, grantId: string, at?: number): string =>
  at === undefined ? `${grantId}.${random()}` : `${grantId}.${at.toString(36)}.${random()}`

/** What is stored of a token: its locator, and the hash of all of it. Tokens from before there were locators have none. */
export async function hashOpaqueToken(token: string, hash: Hash): Promise<string> {
  const locator = LOCATOR.exec(token)?.[0] ?? ''
  return locator + (await hash(token))
}

/** With its dot. Anything else is the locator of nothing. */
const LOCATOR = /^[\w-]{1,64}\.(?:\w{1,16}\.)?(?=[\w-]+$)/
