/**
 * The doctor: what is broken is found in the step where a host would stop, and told with what to do.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { STEPS } from '../../conformance/doctor/steps.ts'
import {
  AUTHORIZATION_SERVER_CHECKS,
  diagnose,
  RESOURCE_SERVER_CHECKS,
  toDiagnosisText,
} from '../../conformance/index.ts'
import { createTestDemo, type TestDemo, USER } from '../support/demo.ts'
import { changeJson, changeMetadata, without } from './mutants/mutant.ts'
import { type Mutation, mutated } from './mutation.ts'

let demo: TestDemo
beforeAll(async () => {
  demo = await createTestDemo({ dev_login: USER.username })
})
afterAll(() => demo.close())

const examine = (mutation?: Mutation, connect = true) =>
  diagnose({
    url: demo.mcpUrl,
    connect,
    now: () => demo.clock.now,
    fetch: mutation === undefined ? demo.fetch : mutated(demo.fetch, mutation),
  })

const answering =
  (response: () => Response): Mutation =>
  async (sent, next) =>
    sent.url.pathname === '/mcp' ? response() : next(sent)

const PRM = '/.well-known/oauth-protected-resource/mcp'

test('the steps are made of checks that exist, each once', () => {
  const known = [...AUTHORIZATION_SERVER_CHECKS, ...RESOURCE_SERVER_CHECKS].map(({ id }) => id)
  const used = STEPS.flatMap(({ checks }) => checks)
  expect(used.filter((id) => !known.includes(id))).toEqual([])
  expect(new Set(used).size).toBe(used.length)
})

test('a good server: every step can be taken', async () => {
  const diagnosis = await examine()
  expect(diagnosis.steps.map(({ title }) => title)).toEqual(STEPS.map(({ title }) => title))
  for (const { results } of diagnosis.steps) expect(results.filter(({ status }) => status !== 'pass')).toEqual([])
  expect(toDiagnosisText(diagnosis)).toContain('Nothing is in the way of a host.')
})

test('a good server that is only looked at: no token was tried, which is said, and nothing was left behind', async () => {
  const before = demo.sent('POST', '/oauth/register').length
  const diagnosis = await examine(undefined, false)
  const results = diagnosis.steps.flatMap((step) => step.results).filter(({ status }) => status !== 'pass')
  expect(results.map(({ id }) => id)).toEqual(['rs-401', 'rs-garbage', 'rs-invalid-token'])
  const text = toDiagnosisText(diagnosis).replaceAll(/\s+/g, ' ')
  expect(text).toContain(
    'Nothing that was looked at is in the way of a host. Whether a token can be had, and is accepted,',
  )
  expect(demo.sent('POST', '/oauth/register')).toHaveLength(before)
})

const CASES: readonly (readonly [what: string, mutation: Mutation, told: readonly string[]])[] = [
  [
    'names itself with a slash too many',
    changeJson(PRM, (members) => ({ ...members, resource: `${members['resource']}/` })),
    ['FAIL It says where tokens come from', 'Set resource to the exact URL', 'RFC 9728, section 3.3'],
  ],
  [
    'names its authorization server otherwise',
    changeJson(PRM, (members) => ({ ...members, authorization_servers: ['https://demo.example/'] })),
    ['FAIL The authorization server is found', 'byte for byte'],
  ],
  [
    'has an authorization server that does not say PKCE',
    changeMetadata((members) => without(members, 'code_challenge_methods_supported')),
    ['FAIL It does what hosts insist on', '"code_challenge_methods_supported": ["S256"]'],
  ],
  [
    'has clients registered by hand',
    changeMetadata((members) => without(members, 'registration_endpoint', 'client_id_metadata_document_supported')),
    [
      'Clients must be registered by hand',
      '-    There is a token, and the server takes it',
      'Not reached: the metadata name no',
    ],
  ],
  [
    'is somewhere else',
    answering(() => Response.redirect('https://demo.example/other', 308)),
    ['The URL redirects to https://demo.example/other.', 'FAIL The server answers'],
  ],
  ['is not there', answering(() => new Response(null, { status: 404 })), ['There is nothing at this URL (404).']],
  ['takes no POST', answering(() => new Response(null, { status: 405 })), ['the older transport']],
  ['is behind a firewall', answering(() => new Response(null, { status: 403 })), ['a firewall']],
  ['fails', answering(() => new Response(null, { status: 502 })), ['The server failed (502).']],
  ['has had enough', answering(() => new Response(null, { status: 429 })), ['too many requests']],
  [
    'is behind a sign-in page',
    answering(() => new Response('<title>Log in</title>', { headers: { 'content-type': 'text/html' } })),
    ['A sign-in page or a proxy stands before it'],
  ],
  ['is open to all', answering(() => Response.json({})), ['nothing protects it']],
]

describe('a server that', () => {
  test.each(CASES)('%s', async (_, mutation, told) => {
    const text = toDiagnosisText(await examine(mutation)).replaceAll(/\s+/g, ' ')
    for (const words of told) expect(text).toContain(words.replaceAll(/\s+/g, ' '))
  })
})
