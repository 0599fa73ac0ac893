/**
 * Signing in at companies' identity providers, put together.
 *
 * @see docs/adr/0191-signing-in-elsewhere.md
 * @module
 */
import type { Upstream } from '../../core/upstream.ts'
import { begin } from './begin.ts'
import type { OidcContext } from './context.ts'
import { createDiscover } from './discover.ts'
import { finish } from './finish.ts'
import { impatient } from './impatient.ts'
import type { OidcProvider } from './provider.ts'
import { RETRY, revalidate } from './revalidate.ts'
import { signOutUrl } from './sign-out.ts'
import { signedOut } from './signed-out.ts'

export interface OidcOptions extends Omit<OidcContext, 'onUnaskable'> {
  readonly passwords: boolean
  /** Development: providers on this machine. */
  readonly development: boolean
}

export interface OidcUpstream extends Upstream {
  /** Asks providers again about people who are due, one after the other. `goOn`: false ends it. */
  revalidateDue(goOn: () => Promise<boolean>): Promise<void>
}

/** People in one step. */
const STEP = 20

const UNASKABLE =
  'a provider gave no refresh token, so it cannot be asked who has left, and their access goes on: see "Who has left" in docs/company-sign-in.md'
/** What is said of how many people, by what came of looking. */
const TOLD = {
  removed: 'access has ended for people whose identity provider is no longer in oidc.providers',
  unreadable:
    'refresh tokens of providers are sealed with a secret that is not known here, so nobody can ask whether these people have left, and their access goes on: start once with that secret as previous_secret, or have them sign in again',
}

export function createUpstream({ passwords, development, ...given }: OidcOptions): OidcUpstream {
  const ctx = { ...given, onUnaskable: warnOnce(given) }
  const discover = createDiscover(ctx, development ? 'http://localhost' : undefined)
  const { store, providers, now } = ctx
  return {
    providers: providers.map(({ id, name, scopes }) => ({ id, name, scopes: ['openid', ...scopes] })),
    passwords,
    begin: (start) => begin(start, discover, ctx),
    finish: (answer, origin) => finish(answer, discover, { ...ctx, ...origin }),
    signOut: (session, cookie) => signOutUrl(session, cookie, discover, ctx),
    signedOut: (token, origin) => signedOut(token, { ...ctx, ...origin }),
    async revalidateDue(goOn) {
      const asking = { ...ctx, door: impatient(ctx.door) }
      const counts = new Map<string, number>()
      do {
        const due = await store.identities.takeDue(now(), now() + RETRY, STEP)
        if (due.length === 0) break
        for (const identity of due) {
          const verdict = await revalidate(identity, discover, asking)
          counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
        }
      } while (await goOn())
      for (const [verdict, message] of Object.entries(TOLD)) {
        const people = counts.get(verdict)
        if (people !== undefined) given.onWarning(message, { people })
      }
    },
  }
}

/** Of each provider, unless the settings say when access ends that nobody can ask about. */
function warnOnce({ revalidation, onWarning }: Pick<OidcOptions, 'revalidation' | 'onWarning'>) {
  const told = new Set<string>()
  return ({ id }: OidcProvider): void => {
    if (revalidation.unseen !== null || told.has(id)) return
    told.add(id)
    onWarning(UNASKABLE, { provider: id })
  }
}
