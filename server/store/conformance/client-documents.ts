/**
 * What the `clientDocuments` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ClientDocument, ClientLogo } from '../../core/client-documents/client-document.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, consent, grant, NOW, together } from './records.ts'

const ID = 'https://app.example/client.json'

const document = (changes: Partial<ClientDocument> = {}): ClientDocument => ({
  clientId: ID,
  document: { client_id: ID, client_name: 'Zażółć "App"\0', redirect_uris: ['http://127.0.0.1/callback'] },
  pinned: false,
  etag: '"one"',
  fetchedAt: NOW,
  freshUntil: NOW + 60,
  keptUntil: NOW + 900,
  logo: null,
  ...changes,
})

const logo: ClientLogo = { hash: 'hash-1', type: 'image/png', bytes: new Uint8Array([0, 255, 10, 13, 128]) }

export const clientDocumentCases: readonly ConformanceCase[] = [
  {
    name: 'clientDocuments.find gives back what put stored, by the exact client id',
    async run({ clientDocuments }) {
      await clientDocuments.put(document(), logo)
      deepEqual(await clientDocuments.find(ID), document({ logo: 'hash-1' }))
      deepEqual(await clientDocuments.logo(ID), logo)
      for (const other of ['', `${ID}/`, `${ID}?`, ID.toUpperCase(), 'https://app.example:443/client.json', '%']) {
        equal(await clientDocuments.find(other), null)
        equal(await clientDocuments.logo(other), null)
      }
    },
  },
  {
    name: 'clientDocuments.put replaces document and logo, and never moves keptUntil back',
    async run({ clientDocuments }) {
      await clientDocuments.put(document({ keptUntil: NOW + 5000 }), logo)
      await clientDocuments.put(document({ etag: null, freshUntil: NOW + 90 }), null)
      deepEqual(
        await clientDocuments.find(ID),
        document({ etag: null, freshUntil: NOW + 90, keptUntil: NOW + 5000, logo: null }),
      )
      equal(await clientDocuments.logo(ID), null)
    },
  },
  {
    name: 'clientDocuments.put by 32 at once leaves one',
    async run({ clientDocuments }) {
      await together(32, () => clientDocuments.put(document(), logo))
      equal((await clientDocuments.list()).length, 1)
    },
  },
  {
    name: 'clientDocuments.confirm moves the times and leaves the rest alone',
    async run({ clientDocuments }) {
      await clientDocuments.put(document(), logo)
      const times = { clientId: ID, fetchedAt: NOW + 70, freshUntil: NOW + 130, keptUntil: NOW + 970 }
      await clientDocuments.confirm(times)
      deepEqual(await clientDocuments.find(ID), document({ ...times, logo: 'hash-1' }))
    },
  },
  {
    name: 'clientDocuments.keep says whether there is one; purge forgets those whose time is over, and no other',
    async run(store) {
      const { clientDocuments } = store
      equal(await clientDocuments.keep(ID, NOW + 1), false)
      await clientDocuments.put(document(), null)
      equal(await clientDocuments.keep(ID, NOW + 5000), true)
      equal(await clientDocuments.keep(ID, NOW + 10), true)
      equal(await store.purge(NOW + 4999, 500), 0)
      equal((await clientDocuments.find(ID))?.keptUntil, NOW + 5000)
      equal(await store.purge(NOW + 5000, 500), 1)
      equal(await clientDocuments.find(ID), null)
    },
  },
  {
    name: 'clientDocuments that are pinned stay, also when something else was fetched, until they are unpinned',
    async run(store) {
      const { clientDocuments } = store
      const pinned = { ...document().document, client_name: 'Pinned' }
      await clientDocuments.put(document(), logo)
      await clientDocuments.put(document({ document: pinned, pinned: true, etag: null }), null)
      await clientDocuments.put(document({ etag: '"two"' }), logo)
      const found = await clientDocuments.find(ID)
      deepEqual([found?.pinned, found?.document.client_name, found?.logo], [true, 'Pinned', null])
      equal(await store.purge(NOW + 100_000_000, 500), 0)

      await store.grants.create(grant({ clientId: ID, expiresAt: NOW + 7000 }), code())
      equal(await clientDocuments.unpin(ID, NOW + 10), true)
      equal(await clientDocuments.unpin(ID, NOW + 10), false)
      const unpinned = await clientDocuments.find(ID)
      deepEqual([unpinned?.pinned, unpinned?.freshUntil, unpinned?.keptUntil], [false, NOW + 10, NOW + 7000])
    },
  },
  {
    name: 'clientDocuments.list has the pinned ones first',
    async run({ clientDocuments }) {
      const later = 'https://z.example/client.json'
      await clientDocuments.put(document(), null)
      await clientDocuments.put(document({ clientId: later, pinned: true }), null)
      deepEqual(
        (await clientDocuments.list()).map(({ clientId }) => clientId),
        [later, ID],
      )
    },
  },
  {
    name: 'clientDocuments.remove takes grants and consents of the client along, and of no other',
    async run({ clientDocuments, grants, consents }) {
      await clientDocuments.put(document(), null)
      await grants.create(grant({ clientId: ID }), code())
      await grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      await consents.remember(consent({ clientId: ID }))
      equal(await clientDocuments.remove(ID, NOW + 1), true)
      equal(await clientDocuments.remove(ID, NOW + 2), false)
      equal((await grants.find('grant-1'))?.revokedAt, NOW + 1)
      equal((await grants.find('grant-2'))?.revokedAt, null)
      equal(await consents.find('user-1', ID, consent().resource), null)
    },
  },
  {
    name: 'consents.remember starts anew when the client is not what it was',
    async run({ consents }) {
      const { resource } = consent()
      const scopes = async () => [...((await consents.find('user-1', 'client-1', resource))?.scopes ?? [])].sort()
      await consents.remember(consent({ scopes: ['a'] }))
      await consents.remember(consent({ scopes: ['b'], clientDigest: 'one' }))
      deepEqual(await scopes(), ['a', 'b'])
      await consents.remember(consent({ scopes: ['c'], clientDigest: 'one' }))
      deepEqual(await scopes(), ['a', 'b', 'c'])
      await consents.remember(consent({ scopes: ['d'], clientDigest: 'two' }))
      deepEqual(await scopes(), ['d'])
      equal((await consents.find('user-1', 'client-1', resource))?.clientDigest, 'two')
    },
  },
]
