/**
 * A chain of agents that act for a person: the host calls notes, the planner goes on to the calendar with what the host was granted, the booker
 * from there to the rooms. Each server sees the person and everybody who acts for them; every token is bound to one key; who ends the first
 * ends them all.
 *
 * @see RFC 8693 section 1.1 (delegation), section 4.1 (`act`)
 * @see RFC 9449
 * @module
 */
import assert from 'node:assert/strict'
import { exportJWK, generateKeyPair } from 'jose'
import { tokenExchange } from '../../client/grants/index.ts'
import { clientCredentials, createSession, follow, privateKeyJwt, type Session } from '../../client/index.ts'
import { type PreparedDemo, prepareDemo } from '../start-demo.ts'
import { startServer } from './mcp-server.ts'

const prepared = await prepareDemo()
const calendar = await startServer(prepared.issuer)
const rooms = await startServer(prepared.issuer)

// sallyport clients add --agent --client-credentials --token-exchange --jwks public.json
const planner = await addAgent(prepared, 'Planner')
const booker = await addAgent(prepared, 'Booker')

// The operator: which agent may go on from where to where, and that it has to say who it is.
const scopes = { 'notes:read': 'Read what is planned' }
const server = await prepared.start({
  resources: [calendar, rooms].map(({ url }) => ({ identifier: url, scopes, dpop: 'required' })),
  token_exchange: {
    enabled: true,
    allow: [
      { from: prepared.url, to: calendar.url, client: planner.id, actor: 'required' },
      { from: calendar.url, to: rooms.url, client: booker.id, actor: 'required' },
    ],
  },
})
calendar.isLive = server.isLive
rooms.isLive = server.isLive

// The person signs in at the host, for notes. That is all they are asked.
const notes = createSession(server.url, { client: { name: 'Host' }, interaction: follow(), dpop: 'required' })
const grant = await notes.authorize({ scope: 'notes:read' })

// The agents go on from there. Whoever holds the key of the first token makes the exchanges: the sessions share it.
const planning = onward(calendar.url, planner, notes)
const booking = onward(rooms.url, booker, planning)
const seen = await (await booking.fetch(rooms.url)).json()

assert.equal(seen.sub, (await (await planning.fetch(calendar.url)).json()).sub)
assert.deepEqual(seen.act, { sub: booker.id, client_id: booker.id, act: { sub: planner.id, client_id: planner.id } })
assert.deepEqual(seen.agent_chain, [planner.id, booker.id])
assert.equal(grant.tokenType, 'DPoP')
assert.match(seen.cnf.jkt, /^[\w-]{43}$/)

// sallyport users disable demo: every link of the chain is refused, and there is no way to a new one.
await server.disable('demo')
for (const session of [booking, planning]) await assert.rejects(session.fetch(session.resource))

await Promise.all([calendar.close(), rooms.close(), server.close()])
console.log('the last server saw the person and both agents, until the person was gone')

interface Agent {
  readonly id: string
  readonly auth: ReturnType<typeof privateKeyJwt>
}

/** The session of an agent for `resource`, in the name of whoever stands behind `subject`. */
function onward(resource: string, { id, auth }: Agent, subject: Session): Session {
  const client = { id, issuer: server.issuer, auth }
  // Its own token says who it is. It opens nothing, so it need not be bound.
  const actor = createSession(server.url, { client, grant: clientCredentials(), dpop: 'off' })
  const exchange = tokenExchange({ issuer: server.issuer, subject, actor, scope: 'notes:read' })
  return createSession(resource, { client, grant: exchange, dpop: 'required' })
}

async function addAgent({ addClient }: PreparedDemo, name: string): Promise<Agent> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }
  const granted = { clientCredentials: true, tokenExchange: true, agent: true }
  return { id: await addClient({ name, ...granted, proof: { type: 'keys', jwks } }), auth: privateKeyJwt(privateKey) }
}
