/**
 * What is wrong with settings of token exchange and ID-JAGs is said before the server starts.
 *
 * @see docs/adr/0181-who-may-exchange-what.md
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { load, READY, removeFolders } from '../support/settings.ts'

afterAll(removeFolders)

const audience = { issuer: 'https://as.example', clients: { here: 'there' }, resources: ['https://r.example/mcp'] }

test.each([
  [{ token_exchange: { allow: [{ from: 'a', to: 'b' }] } }, 'token_exchange.enabled is off'],
  [{ token_exchange: { may_act: { a: 'b' } } }, 'token_exchange.enabled is off'],
  [{ token_exchange: { max_depth: 0 } }, 'from 1 to 10'],
  [{ token_exchange: { max_depth: 11 } }, 'from 1 to 10'],
  [{ token_exchange: { enabled: true, allow: [{ from: 'a' }] } }, 'a list of { from, to, client?, scopes?, actor? }'],
  ...[
    { allow: [{ from: 'https://r.example/', to: 'https://s.example' }] },
    { allow: [{ from: 'https://s.example', to: 'https://r.example/' }] },
    { may_act: { 'https://r.example/': 'agent' } },
  ].map(
    (rules) =>
      [
        {
          token_exchange: { enabled: true, ...rules },
          resources: [{ identifier: 'https://r.example', scopes: {}, aliases: ['https://r.example/'] }],
        },
        'names https://r.example by an alias',
      ] as const,
  ),
  [{ id_jag: { audiences: [audience] } }, 'id_jag.enabled is off'],
  [{ id_jag: { enabled: true, audiences: [audience, audience] } }, 'https://as.example is there twice'],
  [{ id_jag: { enabled: true, audiences: [{ ...audience, resources: [] }] } }, 'a list of { issuer, clients'],
  [{ id_jag: { enabled: true, lifetime: 3600 } }, 'from 30 to 600'],
  [
    {
      issuer: 'https://auth.example.com',
      id_jag: { enabled: true, audiences: [{ ...audience, issuer: 'https://auth.example.com' }] },
    },
    'is for another authorization server than this one',
  ],
])('%j', async (settings, message) => {
  const outcome = await load({ env: READY, files: { 'sallyport.config.json': JSON.stringify(settings) } })
  expect(JSON.stringify(outcome)).toContain(message)
})

test('both are off by default, and the depth is 5', async () => {
  const outcome = await load({ env: READY })
  expect(outcome).toMatchObject({
    token_exchange: { enabled: false, allow: [], max_depth: 5 },
    id_jag: { enabled: false, audiences: [] },
  })
})
