/**
 * A host that is an agent says so: in its registration, and in the document that it publishes.
 *
 * @see docs/adr/0203-agents.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { clientDocument, memoryStore } from '../../client/index.ts'
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'
import { sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'

const registrations = (world: ReturnType<typeof fakeWorld>) =>
  world.sent('POST', 'https://as.example.com/register').map(({ body }) => JSON.parse(body))

describe('registration', () => {
  test('RFC 7591 section 3.1 an agent says that it is one, and nobody else says a word of it', async () => {
    const world = fakeWorld()
    await sessionIn(world, { client: { agent: true } }).authorize()
    await sessionIn(world).authorize()
    expect(registrations(world).map(({ agent }) => agent)).toEqual([true, undefined])
  })

  test.each([
    [undefined, true],
    [true, undefined],
  ] as const)('one that was registered otherwise (agent: %p) is not used for agent: %p', async (before, after) => {
    const world = fakeWorld()
    const store = memoryStore()
    for (const agent of [before, before, after, after, before]) {
      await sessionIn(world, { store, client: agent === undefined ? {} : { agent } }).authorize({ force: true })
    }
    expect(registrations(world).map(({ agent }) => agent)).toEqual([before, after])
  })
})

test('the document of an agent says so, and servers take it', () => {
  const host = { id: 'https://app.example/client.json', name: 'Robot', redirectUris: ['http://127.0.0.1/callback'] }
  const document = clientDocument({ ...host, agent: true })
  expect(document['agent']).toBe(true)
  expect(checkClientDocument(document, host.id)).toMatchObject({ ok: true, value: { agent: true } })
  expect(clientDocument(host)).not.toHaveProperty('agent')
})
