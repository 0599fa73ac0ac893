/**
 * From the company's sign-in to the end of a chain: a person signs in where the company's people do, a host obtains the company's word for them and redeems it,
 * one agent after the other goes on with what came of it, and the last server sees them all. When the person is disabled, nothing of it works.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @see RFC 8693 section 4.1: nested actors
 * @see RFC 9449: one key from the first to the last
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import { hasCode, type Session } from '../../client/index.ts'
import { postForm } from '../support/authorization-server.ts'
import { failureOf } from '../support/client.ts'
import {
  ARCHIVE,
  COMPANY,
  createDelegationWorld,
  type DelegationWorld,
  MAIL,
  NOTES,
} from '../support/delegation-world.ts'

const open: DelegationWorld[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

/** A chain whose last link has been pulled, which all the others followed. */
async function pulled() {
  const world = await createDelegationWorld()
  open.push(world)
  await world.signedIn.authorize()
  expect((await world.archive.fetch(ARCHIVE)).status).toBe(200)
  return world
}

const linksOf = ({ notes, mail, archive }: DelegationWorld): readonly Session[] => [notes, mail, archive]
const call = (session: Session): Promise<Response> => session.fetch(session.resource)

test('nobody has signed in: the whole chain waits for the person, and says where', async () => {
  const world = await createDelegationWorld()
  open.push(world)
  const failure = await failureOf(call(world.archive))
  expect(failure).toMatchObject({ code: 'authorization_required', resource: world.signedIn.resource })
  expect(world.seen).toEqual([])
})

test('a person, the company’s word, two agents, three servers, one key', async () => {
  const world = await pulled()
  const { mail, notes, product, company, signOn, seen } = world
  for (const session of [mail, notes]) expect((await call(session)).status).toBe(200)

  const [atArchive, atMail, atNotes] = seen
  expect(seen.map(({ resource }) => resource)).toEqual([ARCHIVE, MAIL, NOTES])
  // The account that the product has made for whom the company names.
  const employee = await company.store.identities.find(signOn.issuer, signOn.person.sub)
  const identity = await product.store.identities.find(COMPANY, employee?.userId ?? '')
  expect(new Set(seen.map(({ sub }) => sub))).toEqual(new Set([identity?.userId ?? '']))

  const planner = { sub: 'planner', client_id: 'planner' }
  expect(atNotes?.claims).toMatchObject({ aud: NOTES, client_id: 'host', scope: 'read' })
  expect(atNotes?.claims).not.toHaveProperty('act')
  expect(atMail?.claims).toMatchObject({
    aud: MAIL,
    scope: 'read',
    act: planner,
    agent_id: 'planner',
    agent_chain: ['planner'],
  })
  expect(atArchive?.claims).toMatchObject({
    aud: ARCHIVE,
    client_id: 'archivist',
    scope: 'read',
    act: { sub: 'archivist', client_id: 'archivist', act: planner },
    agent_id: 'archivist',
    agent_chain: ['planner', 'archivist'],
  })
  // Bound from the first to the last, to the key that the person signed in with.
  const keys = seen.map(({ claims }) => claims.cnf?.jkt)
  expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[\w-]{43}$/)]))
  expect([...product.failures, ...company.failures]).toEqual([])
})

describe('what ends it', () => {
  test('the administrator of the product disables the person: every link is refused, and nothing new is to be had', async () => {
    const world = await pulled()
    const { product, seen } = world
    for (const session of linksOf(world)) await call(session)
    const before = seen.length
    expect(await product.store.users.disable(seen[0]?.sub ?? '', product.clock.now)).toBeTrue()

    for (const session of linksOf(world)) {
      const failure = await failureOf(call(session))
      expect([session.resource, hasCode(failure, 'invalid_grant', 'token_request_failed')]).toEqual([
        session.resource,
        true,
      ])
    }
    expect(seen).toHaveLength(before)
    const issued = product.events.filter(({ type }) => type === 'token_exchanged' || type === 'assertion_redeemed')
    expect(issued).toHaveLength(3)
  })

  test('the company disables the person: it vouches no more, and what it vouched for has an end', async () => {
    const world = await pulled()
    const { company, signOn, product, seen } = world
    const employee = await company.store.identities.find(signOn.issuer, signOn.person.sub)
    expect(await company.store.users.disable(employee?.userId ?? '', company.clock.now)).toBeTrue()
    company.clock.now += product.settings.access_token.lifetime
    const before = seen.length
    for (const session of linksOf(world)) expect((await failureOf(call(session))).interactive).toBeTrue()
    expect(seen).toHaveLength(before)
  })

  test('the person ends what the host has: all of it ends with that; the company still vouches, so the chain grows again', async () => {
    const world = await pulled()
    const { product, seen } = world
    for (const session of linksOf(world)) await call(session)
    const [first] = seen
    expect(await product.as.revokeGrant(first?.claims.jti.split('.')[0] ?? '', first?.sub ?? '')).toBeTrue()
    for (const { claims } of seen) expect(await product.as.isLive(claims)).toBeFalse()

    expect((await call(world.archive)).status).toBe(200)
    expect(seen.at(-1)?.claims.act).toMatchObject({ sub: 'archivist', act: { sub: 'planner' } })
    expect(seen.at(-1)?.claims.jti.split('.')[0]).not.toBe(first?.claims.jti.split('.')[0])
  })
})

describe('what somebody has seen of it is of no use', () => {
  test('at the server: without the key', async () => {
    const world = await pulled()
    const [{ authorization } = { authorization: '' }] = world.seen
    for (const shown of [authorization, authorization.replace('DPoP', 'Bearer')]) {
      expect((await world.fetch(ARCHIVE, { headers: { authorization: shown } })).status).toBe(401)
    }
    expect(world.seen).toHaveLength(1)
  })

  test('for an exchange: without the key, by a client that may exchange', async () => {
    const world = await pulled()
    await call(world.mail)
    const token = world.seen.at(-1)?.authorization.replace('DPoP ', '') ?? ''
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token'
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type,
      resource: ARCHIVE,
    }
    const answer = await postForm(world.product, '/oauth/token', form, world.clients.archivist.basic)
    expect([answer.status, (await answer.json()).error]).toEqual([400, 'invalid_request'])
  })
})
