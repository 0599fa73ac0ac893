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
import { RETRY, revalidate } from './revalidate.ts'
import { signOutUrl } from './sign-out.ts'
import { signedOut } from './signed-out.ts'

export interface OidcOptions extends OidcContext {
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

export function createUpstream({ passwords, development, ...ctx }: OidcOptions): OidcUpstream {
  const discover = createDiscover(ctx, development ? 'http://localhost' : undefined)
  const { store, providers, now } = ctx
  return {
    providers: providers.map(({ id, name }) => ({ id, name })),
    passwords,
    begin: (start) => begin(start, discover, ctx),
    finish: (answer, origin) => finish(answer, discover, { ...ctx, ...origin }),
    signOut: (session, cookie) => signOutUrl(session, cookie, discover, ctx),
    signedOut: (token, origin) => signedOut(token, { ...ctx, ...origin }),
    async revalidateDue(goOn) {
      for (;;) {
        const due = await store.identities.takeDue(now(), now() + RETRY, STEP)
        if (due.length === 0) return
        for (const identity of due) await revalidate(identity, discover, ctx)
        if (!(await goOn())) return
      }
    },
  }
}
