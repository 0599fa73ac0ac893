/**
 * That agents are told from others, by their tokens.
 *
 * @module
 */
import { expect } from 'bun:test'
import { decodeJwt } from 'jose'
import { CLIENTS } from './clients.ts'
import { tokensByCode } from './tokens.ts'
import type { World } from './world.ts'

export async function proveAgents(claim: unknown, world: World): Promise<void> {
  expect(claim).toBe(true)
  const method = 'private_key_jwt'
  const [agent, service] = [await CLIENTS[method](world, { agent: true }), await CLIENTS[method](world)]
  expect(decodeJwt((await tokensByCode(world, agent)).access_token)['agent_id']).toBe(agent.id)
  expect(decodeJwt((await tokensByCode(world, service)).access_token)).not.toHaveProperty('agent_id')
}
