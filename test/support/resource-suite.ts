/**
 * The resource module's main path as plain functions, for any test runner and any runtime: each rejects when it fails.
 *
 * @module
 */
import {
  admitted,
  bearerChallenge,
  createResourceFixture,
  METADATA_URL,
  RESOURCE,
  refused,
  toolCall,
} from './resource-fixture.ts'

export interface ResourceCase {
  readonly name: string
  run(): Promise<void>
}

export const RESOURCE_CASES: readonly ResourceCase[] = [
  {
    name: 'RS-003 RS-020 a first request is challenged, and the metadata is where the challenge says',
    async run() {
      const { send } = await createResourceFixture()
      const response = refused(await send({ method: 'POST', body: '{}' }))
      same(response.status, 401)
      same(bearerChallenge(response)['resource_metadata'], METADATA_URL)
      const metadata = await refused(await send({}, METADATA_URL)).json()
      same(metadata.resource, RESOURCE)
    },
  },
  {
    name: 'RS-040 RS-047 a good token passes; an expired one, a forged one and one for others do not',
    async run() {
      const { clock, issuer, send } = await createResourceFixture()
      const call = async (token: string) => send({ headers: { authorization: `Bearer ${token}` } })
      const token = await issuer.sign()
      same(admitted(await call(token)).extra.sub, 'alice')
      same(refused(await call(await issuer.sign({ aud: 'https://other.example' }))).status, 401)
      same(refused(await call(`${token.slice(0, -4)}AAAA`)).status, 401)
      clock.now += 1000
      same(refused(await call(token)).status, 401)
    },
  },
  {
    name: 'RS-028 RS-042 a handler gets the body but not the token; a missing scope is challenged',
    async run() {
      const { issuer, notes } = await createResourceFixture()
      const fetch = notes.serve(async (request) => Response.json([[...request.headers.keys()], await request.text()]))
      const post = async (tool: string, scope: string) => {
        const headers = { authorization: `Bearer ${await issuer.sign({ scope })}` }
        return fetch(new Request(RESOURCE, { method: 'POST', headers, body: JSON.stringify(toolCall(tool)) }))
      }
      const served: [string[], string] = await (await post('notes_add', 'notes:write')).json()
      same(served[0].includes('authorization'), false)
      same(served[1], JSON.stringify(toolCall('notes_add')))
      const challenged = await post('notes_clear', 'notes:write')
      same(challenged.status, 403)
      same(bearerChallenge(challenged)['scope'], 'notes:admin')
    },
  },
  {
    name: 'RS-047 keys are fetched lazily and again after a rotation; without them the answer is 503',
    async run() {
      const { clock, issuer, send } = await createResourceFixture()
      const call = async () => send({ headers: { authorization: `Bearer ${await issuer.sign()}` } })
      same(issuer.requests.length, 0)
      admitted(await call())
      await issuer.rotate()
      clock.now += 60
      admitted(await call())
      issuer.answer(issuer.jwksUri, () => new Response(null, { status: 500 }))
      await issuer.rotate()
      clock.now += 60
      same(refused(await call()).status, 503)
    },
  },
]

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
}
