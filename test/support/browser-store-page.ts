/**
 * What runs in the page of `test/browser/store.test.ts`.
 *
 * @module
 */
import { indexedDbStore } from '../../client/browser/index.ts'
import { createSession, type Flow, SallyportError, type Session, type Store } from '../../client/index.ts'
import { storeConformance } from '../../client/stores/conformance.ts'
import { credentialKey } from '../../client/stores/keys.ts'
import { callTool } from './mcp-call.ts'

const store: Store = indexedDbStore()
let session: Session | undefined
const opened = (): Session => {
  session ??= createSession(new URL('/mcp', location.href), { store, dpop: 'required' })
  return session
}

/** The only credential that there is. */
async function credentialOf(): Promise<{ readonly key: string; readonly record: Readonly<Record<string, unknown>> }> {
  const { resource, issuer, clientId } = await opened().authorize()
  const key = credentialKey({ resource, issuer, clientId, profile: 'default' })
  return { key, record: { ...(await store.get(key)) } }
}

const page = {
  begin: () => opened().begin({ redirectUri: new URL('/callback', location.href).href }),
  complete: (flow: Flow, callback: string) => opened().complete(flow, new URL(callback)),
  status: () => opened().status(),
  logout: () => opened().logout(),
  generation: async () => (await credentialOf()).record['generation'],

  async call() {
    try {
      return (await callTool(opened().fetch, opened().resource, 'greet')).status
    } catch (error) {
      return error instanceof SallyportError ? error.code : String(error)
    }
  },

  /** As time does. */
  async expire() {
    const { key, record } = await credentialOf()
    await store.set(key, { ...record, generation: crypto.randomUUID(), expiresAt: 1 })
  },

  /** What a script that means no good finds in the database. */
  async steal() {
    const { record } = await credentialOf()
    const { privateKey } = Object(Object(record['dpop'])['key'])
    const forms = ['jwk', 'pkcs8'] as const
    const exported = await Promise.allSettled(forms.map((form) => crypto.subtle.exportKey(form, privateKey)))
    return {
      isKey: privateKey instanceof CryptoKey,
      extractable: privateKey.extractable,
      exported: exported.map(({ status }) => status),
      json: JSON.stringify(record['dpop']).includes('"d"'),
    }
  },

  /** Names of the cases that fail, with why. */
  async conformance() {
    const failures: string[] = []
    for (const { name, run } of storeConformance) {
      await run(() => indexedDbStore()).catch((error) => failures.push(`${name}: ${error}`))
    }
    return { failures, cases: storeConformance.length }
  },

  /** What is left of two flows, one of them abandoned. */
  async sweep() {
    const at = (now: number) => indexedDbStore({ now: () => now })
    await at(100).set('flow:old', { generation: '1', dropAfter: 200 })
    await at(300).set('flow:new', { generation: '1', dropAfter: 400 })
    return [await store.get('flow:old'), await store.get('flow:new')].map((record) => record?.generation)
  },

  /** The person clears the site's data while the page is open. */
  async cleared() {
    await store.set('credential:x', { generation: '1' })
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('sallyport')
      request.onsuccess = resolve
      request.onerror = reject
    })
    const before = await store.get('credential:x')
    await store.set('credential:x', { generation: '2' })
    return [before, (await store.get('credential:x'))?.generation]
  },
}

export type StorePage = typeof page

Object.assign(globalThis, { page })
