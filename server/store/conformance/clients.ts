/**
 * What the `clients` and `resources` ports promise.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { client, code, consent, grant, NOW, resource, together, user } from './records.ts'

export const clientCases: readonly ConformanceCase[] = [
  {
    name: 'clients.find gives back what create stored, member by member',
    async run({ clients }) {
      const secret = client({
        id: 'client-2',
        name: null,
        authMethods: ['client_secret_basic', 'private_key_jwt'],
        secrets: [
          { hash: 'new', expiresAt: 0 },
          { hash: 'old', expiresAt: NOW + 5_000_000_000 },
        ],
        jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }] },
        jwksUri: 'https://client.example/jwks.json',
        resource: 'https://notes.example/mcp',
        dpop: 'nonce',
        agent: true,
        scope: null,
        scopeCeiling: ['notes:read'],
        metadata: {},
        origin: 'administrator',
        issuedAt: NOW + 1,
        lastUsedAt: NOW + 2,
        expiresAt: null,
      })
      equal(await clients.create(client()), true)
      equal(await clients.create(secret), true)
      deepEqual(await clients.find('client-1'), client())
      deepEqual(await clients.find('client-2'), secret)
      deepEqual(await clients.list(), [client(), secret])
      equal(await clients.find('client-3'), null)
      deepEqual(await clients.findAnew('client-2'), secret)
      equal(await clients.findAnew('client-3'), null)
    },
  },
  {
    name: 'clients.create refuses a taken id and leaves the client alone',
    async run({ clients }) {
      await clients.create(client())
      equal(await clients.create(client({ name: 'Mallory' })), false)
      deepEqual(await clients.list(), [client()])
    },
  },
  {
    name: 'clients.create lets one of 32 have an id',
    async run({ clients }) {
      const created = await together(32, (index) => clients.create(client({ name: `client ${index}` })))
      equal(created.filter(Boolean).length, 1)
      equal((await clients.find('client-1'))?.name, `client ${created.indexOf(true)}`)
    },
  },
  {
    name: 'clients.find takes any text for an id, also one that no client can have',
    async run({ clients }) {
      for (const id of ['', '\0', 'a\0b', "'; drop table clients; --", '\ud800', '%', 'x'.repeat(100_000)]) {
        equal(await clients.find(id), null)
      }
    },
  },
  {
    name: 'clients.create stores any text, and what no engine can hold the same on every one',
    async run({ clients, users }) {
      const texts = ['a\0b', '\0', '\ud800', '\udc00\ud800', '\u0001\u007f\uffff', '\ufeff🐈', '', '\\u0000', "'; --"]
      const stored = ['a\ufffdb', '\ufffd', '\ufffd', '\ufffd\ufffd', ...texts.slice(4)]
      for (const [index, text] of texts.entries()) {
        const own = { id: `client-${index}`, name: text, scope: text }
        await clients.create(client({ ...own, redirectUris: [text], metadata: { client_uri: text } }))
        await users.create(user({ id: `person-${index}`, username: `${index}${text}`, displayName: text }))
        const found = await clients.findAnew(own.id)
        const known = await users.findByUsername(`${index}${text}`)
        const expected = stored[index]
        deepEqual([found?.name, found?.scope, known?.displayName], [expected, expected, expected])
        equal(known?.username, `${index}${expected}`)
        // JSON has an escape for everything.
        deepEqual([found?.redirectUris, found?.metadata], [[text], { client_uri: text }])
      }
      const names = (await clients.list()).map(({ name }) => name)
      deepEqual(names, stored)
    },
  },
  {
    name: 'clients.replaceSecrets lets one of 32 replace what it saw, and touches nothing else',
    async run({ clients }) {
      const before = [{ hash: 'old', expiresAt: 0 }]
      await clients.create(client({ secrets: before }))
      await clients.create(client({ id: 'client-2', secrets: before }))
      const secrets = (index: number) => [{ hash: `new ${index}`, expiresAt: 0 }, ...before]
      const replaced = await together(32, (index) => clients.replaceSecrets('client-1', before, secrets(index)))
      equal(replaced.filter(Boolean).length, 1)
      const [one, two] = await clients.list()
      deepEqual(one, client({ secrets: secrets(replaced.indexOf(true)) }))
      deepEqual(two?.secrets, before)
      equal(await clients.replaceSecrets('client-3', before, []), false)
    },
  },
  {
    name: 'clients.remove takes the grants and consents of the client along, and of no other',
    async run({ clients, consents, grants }) {
      await clients.create(client())
      await grants.create(grant(), code())
      await grants.create(grant({ id: 'grant-2', clientId: 'client-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      await consents.remember(consent())
      await consents.remember(consent({ clientId: 'client-2' }))

      equal(await clients.remove('client-1', NOW + 1), true)
      equal(await clients.find('client-1'), null)
      equal((await grants.find('grant-1'))?.revokedAt, NOW + 1)
      equal((await grants.find('grant-2'))?.revokedAt, null)
      equal(await consents.find('user-1', 'client-1', consent().resource), null)
      deepEqual(await consents.find('user-1', 'client-2', consent().resource), consent({ clientId: 'client-2' }))
      equal(await clients.remove('client-1', NOW + 2), false)
    },
  },
  {
    name: 'clients.remove does not move the time of an earlier revocation',
    async run({ clients, grants }) {
      await clients.create(client())
      await grants.create(grant(), code())
      await grants.revoke('grant-1', NOW + 1)
      await clients.remove('client-1', NOW + 2)
      equal((await grants.find('grant-1'))?.revokedAt, NOW + 1)
    },
  },
  {
    name: 'resources.list keeps the order of registration, also when one is replaced',
    async run({ resources }) {
      const first = resource({ identifier: 'https://z.example/' })
      const second = resource({ identifier: 'https://a.example/', name: null, aliases: [], defaultScopes: null })
      await resources.put(first)
      await resources.put(second)
      deepEqual(await resources.list(), [first, second])
      const changed = {
        ...first,
        name: 'Renamed',
        scopes: { b: 'B', a: 'A' },
        scopeHierarchy: { b: ['a'] },
        accessTokenLifetime: 60,
        dpop: 'required' as const,
      }
      await resources.put(changed)
      deepEqual(await resources.list(), [changed, second])
      deepEqual(Object.keys((await resources.list())[0]?.scopes ?? {}), ['b', 'a'])
    },
  },
  {
    name: 'resources.remove says whether there was one',
    async run({ resources }) {
      await resources.put(resource())
      equal(await resources.remove(resource().identifier), true)
      equal(await resources.remove(resource().identifier), false)
      deepEqual(await resources.list(), [])
    },
  },
  {
    name: 'resources.put by 32 at once leaves one',
    async run({ resources }) {
      await together(32, () => resources.put(resource()))
      deepEqual(await resources.list(), [resource()])
    },
  },
]
