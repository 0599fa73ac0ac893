/**
 * Agents and ID-JAGs: nobody becomes an agent, or stops being one, by what the identity provider says or leaves out.
 *
 * @see docs/adr/0190-agents-beyond-the-border.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { ID_JAG_TOKEN_TYPE } from '../../shared/id-jag.ts'
import { REFRESH_TOKEN_TOKEN_TYPE } from '../../shared/token-exchange.ts'
import { createExchangeWorld, MAIL } from '../support/exchange-world.ts'
import { createCompany } from '../support/trusted-issuers.ts'

const TICKETS = 'https://as.tickets.example'
const DESK = 'https://desk.tickets.example/mcp'

describe('this server as the identity provider', () => {
  const clients = { helper: 'helper-there', 'notes-server': 'notes-there' }
  const audiences = [{ issuer: TICKETS, clients, resources: [DESK], scopes: ['read'] }]
  const setUp = async () => {
    const world = await createExchangeWorld({ id_jag: { enabled: true, audiences } })
    const helper = await world.add({ id: 'helper', agent: true })
    return { ...world, helper, person: await world.personToken('read', { by: helper }) }
  }
  const wanted = { requested_token_type: ID_JAG_TOKEN_TYPE, audience: TICKETS, resource: DESK }

  test('an agent gets an ID-JAG that says nothing of agents, and is in the audit log as one', async () => {
    const { server, ask, helper, person, close } = await setUp()
    const answer = await ask(person.refresh_token, helper, { ...wanted, subject_token_type: REFRESH_TOKEN_TOKEN_TYPE })
    const claims = decodeJwt((await answer.json()).access_token)
    expect(Object.keys(claims).filter((claim) => /agent|act/.test(claim))).toEqual([])
    expect(server.events.at(-1)).toMatchObject({ type: 'id_jag_issued', clientId: 'helper', agents: ['helper'] })
    await close()
  })

  test('no service launders what an agent began: what it exchanged is no way across', async () => {
    const { ask, exchange, notes, person, lastReason, close } = await setUp()
    const next = await exchange(person.access_token, notes, { resource: MAIL })
    expect(next.claims['agent_chain']).toEqual(['helper'])
    expect((await ask(next.access_token, notes, wanted)).status).toBe(400)
    expect(lastReason()).toBe('foreign_subject_token')
    await close()
  })
})

describe('this server as the one that redeems', () => {
  const said = {
    agent: true,
    agent_id: 'known-agent',
    agent_chain: ['known-agent'],
    act: { sub: 'known-agent', client_id: 'known-agent' },
  }
  const tokenOf = async (agent: boolean, claims: object) => {
    const { server, client, jag, redeem } = await createCompany({}, { client: { agent } })
    const { access_token } = await (await redeem(await jag({ ...claims }))).json()
    await server.close()
    return { id: client.id, claims: decodeJwt<Record<string, unknown>>(access_token) }
  }

  test.each([said, {}])('a client that is no agent here is none, whatever the provider says: %j', async (claims) => {
    const token = (await tokenOf(false, claims)).claims
    expect(Object.keys(token).filter((claim) => /agent|act/.test(claim))).toEqual([])
  })

  test.each([said, {}])('a client that is one here is itself, with nobody before it: %j', async (claims) => {
    const { id, claims: token } = await tokenOf(true, claims)
    expect([token['agent_id'], token['agent_chain'], token['act']]).toEqual([id, undefined, undefined])
  })
})
