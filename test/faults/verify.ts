/**
 * Compares what the ledger was promised with what the server does and what the database holds.
 *
 * @module
 */
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { authorizationQuery, postForm, RESOURCE } from '../support/authorization-server.ts'
import { assertionForm } from '../support/confidential-clients.ts'
import type { Person } from '../support/person.ts'
import type { Served } from '../support/process-flow.ts'
import type { Chance } from './chance.ts'
import { faultsIn, query } from './database.ts'
import type { Family, KnownCode, Ledger } from './ledger.ts'
import { askForTokens, formOf, refreshForm } from './load.ts'

export interface Verification {
  readonly server: Served
  readonly database: string
  readonly issuer: string
  readonly ledger: Ledger
  readonly chance: Chance
  /** Who was signed in when the server was killed. */
  readonly person: Person
  /** How many of each kind are tried over HTTP, beside the newest. */
  readonly sample: number
}

/** What was promised and is not so, in words. Uses up what it tries. */
export async function findBrokenPromises(verification: Verification): Promise<readonly string[]> {
  const { ledger, database } = verification
  const inside = await faultsIn(database)
  const missing = await missingClients(verification)
  const signedOut = await checkPerson(verification)
  const tokens = await checkAccessTokens(verification)
  const revoked = await missingRevocations(verification)
  const used = await each(verification.ledger.assertions.slice(-20), (one) => checkAssertion(verification, one))
  const families = await each(choose(verification, ledger.families), (family) => checkFamily(verification, family))
  const codes = await each(choose(verification, ledger.codes), (code) => checkCode(verification, code))
  return [
    ...inside,
    ...missing,
    ...signedOut,
    ...tokens,
    ...revoked,
    ...used,
    ...families,
    ...codes,
    ...(await faultsIn(database)),
  ]
}

async function missingClients({ ledger, database }: Verification): Promise<readonly string[]> {
  const stored = new Set((await query(database, 'select id from clients')).map(({ id }) => id))
  return ledger.clients.some(({ id }) => !stored.has(id)) ? ['a client is missing'] : []
}

/** Still signed in, and not asked again for a client that keeps a secret, while something that was agreed to lives. */
async function checkPerson({ person, issuer, ledger, chance }: Verification): Promise<readonly string[]> {
  const alive = new Set(ledger.families.filter(({ revoked }) => revoked === 'no').map(({ client }) => client))
  const client = chance.pick(ledger.clients.filter((known) => known.consented && alive.has(known)))
  if (client === undefined) return []
  const before = person.pages.length
  await person.visit(`${issuer}/oauth/authorize?${await authorizationQuery(client.id)}`)
  const seen = person.pages.slice(before)
  return seen.length === 0 ? [] : [`a session or a consent is lost: the person saw ${seen.join(', ')}`]
}

async function checkAccessTokens({ server, issuer, ledger }: Verification): Promise<readonly string[]> {
  const keys = createLocalJWKSet(await (await server.fetch('/.well-known/jwks.json')).json())
  const newest = ledger.accessTokens.slice(-200)
  const oldest = ledger.accessTokens.slice(0, 20)
  return each([...newest, ...oldest], (token) =>
    jwtVerify(token, keys, { issuer, audience: RESOURCE }).then(
      () => null,
      (error) => `an access token is not valid any more: ${error}`,
    ),
  )
}

async function missingRevocations({ ledger, database }: Verification): Promise<readonly string[]> {
  const stored = new Set((await query(database, 'select jti from revoked_tokens')).map(({ jti }) => jti))
  return ledger.revokedTokens.some((token) => !stored.has(decodeJwt(token).jti)) ? ['a revocation is missing'] : []
}

/** It would still be good, had it not been used. */
async function checkAssertion({ server }: Verification, assertion: string): Promise<string | null> {
  const { status } = await postForm(server, '/oauth/revoke', { token: 'unknown', ...assertionForm(assertion) })
  return status === 401 ? null : `an assertion that was used is answered ${status}`
}

async function checkFamily({ server }: Verification, family: Family): Promise<string | null> {
  const answer = await askForTokens({ server, over: () => false }, refreshForm(family))
  if (answer === null) return 'no answer'
  if (answer === 'refused') {
    const expected = family.revoked !== 'no'
    family.revoked = 'done'
    return expected ? null : 'a refresh token that was received is refused'
  }
  if (family.revoked === 'done') return 'a revoked family gets tokens'
  family.head = answer.refresh_token
  return null
}

async function checkCode({ server, ledger }: Verification, known: KnownCode): Promise<string | null> {
  // Presented again, it would end its family.
  if (known.redeemed === 'done') return null
  const answer = await askForTokens({ server, over: () => false }, formOf(known))
  if (answer === null) return 'no answer'
  const before = known.redeemed
  known.redeemed = 'done'
  if (answer === 'refused') return before === 'asked' ? null : 'a code that nobody redeemed is refused'
  ledger.families.push({
    client: known.client,
    head: answer.refresh_token,
    accessToken: answer.access_token,
    revoked: 'no',
  })
  return null
}

/** The newest, which were made while the server died, and some of the others. */
function choose<Item>({ chance, sample }: Verification, items: readonly Item[]): readonly Item[] {
  const newest = items.slice(-sample)
  const older = items.slice(0, -sample)
  return [...newest, ...Array.from({ length: Math.min(sample, older.length) }, () => chance.pick(older) ?? items[0])]
    .filter((item) => item !== undefined)
    .filter((item, index, all) => all.indexOf(item) === index)
}

/** One after the other: what one does must not hide what another finds. */
async function each<Item>(
  items: readonly Item[],
  check: (item: Item) => Promise<string | null>,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const item of items) {
    const problem = await check(item)
    if (problem !== null) found.push(problem)
  }
  return found
}
