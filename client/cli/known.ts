/**
 * What this program has signed in to, so that `status` and `logout --all` know: a store cannot be asked for all that it holds.
 *
 * @module
 */
import * as v from 'valibot'
import { randomToken } from '../context.ts'
import { covers } from '../resource-url.ts'
import type { Store } from '../stores/store.ts'

const KEY = 'known:[]'

const Known = v.object({
  entries: v.array(v.object({ resource: v.string(), profile: v.string(), clientId: v.string() })),
})

/** One sign-in. `clientId` is empty where none was configured. */
export type KnownSignIn = v.InferOutput<typeof Known>['entries'][number]

export async function listKnown(store: Store): Promise<readonly KnownSignIn[]> {
  const parsed = v.safeParse(Known, await store.get(KEY))
  return parsed.success ? parsed.output.entries : []
}

export const remember = (store: Store, entry: KnownSignIn): Promise<void> =>
  change(store, (entries) => [...entries.filter((one) => !isSame(one, entry)), entry])

export const forget = (store: Store, entry: KnownSignIn): Promise<void> =>
  change(store, (entries) => entries.filter((one) => !isSame(one, entry)))

/** The longest resource that `url` belongs to and that somebody has signed in to; else the URL itself. */
export async function resourceOf(store: Store, url: string): Promise<string> {
  const parsed = new URL(url)
  const owners = (await listKnown(store)).map(({ resource }) => resource).filter((resource) => covers(resource, parsed))
  return owners.sort((a, b) => b.length - a.length)[0] ?? `${parsed.origin}${parsed.pathname}`
}

const isSame = (a: KnownSignIn, b: KnownSignIn): boolean =>
  a.resource === b.resource && a.profile === b.profile && a.clientId === b.clientId

async function change(store: Store, edit: (entries: readonly KnownSignIn[]) => readonly KnownSignIn[]): Promise<void> {
  await store.lock(KEY, async () => {
    const before = await listKnown(store)
    const after = edit(before)
    if (JSON.stringify(after) === JSON.stringify(before)) return
    await store.set(KEY, { generation: randomToken(8), entries: after })
  })
}
