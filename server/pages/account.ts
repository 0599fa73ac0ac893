/**
 * `GET /account` and `POST /account/revoke`: what a person granted, and taking it back.
 *
 * @module
 */
import { type AccountView, accountPage } from './account-page.ts'
import type { PagesContext } from './context.ts'
import { accountLink, signInLink } from './links.ts'
import { PAGE_SIZE, readPage } from './page-number.ts'
import { readPost } from './post.ts'
import { pageResponse, seeOther } from './respond.ts'
import { isSignedIn, readVisitor } from './visitor.ts'

export async function account(request: Request, ctx: PagesContext): Promise<Response> {
  const visitor = await readVisitor(request, ctx)
  if (!isSignedIn(visitor)) return seeOther(signInLink(undefined, ctx))
  const { searchParams } = new URL(request.url)
  const { csrf, user } = visitor
  const page = readPage(searchParams.get('page'))
  const { grants, isLast } = await listGrants(user.id, page, ctx)
  // Its last one was revoked, or somebody made the number up.
  if (grants.length === 0 && page > 1) return seeOther(accountLink(1, ctx, searchParams.has('revoked')))
  const view = { csrf, user, grants, page, isLast, revoked: searchParams.has('revoked') }
  return pageResponse(accountPage(view, ctx), { leadsElsewhere: ctx.upstream !== undefined })
}

export async function revokeGrant(request: Request, ctx: PagesContext): Promise<Response> {
  const posted = await readPost(request, ctx)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  if (visitor.user === null) return seeOther(signInLink(undefined, ctx))
  // False means that it was not theirs or is gone already. Neither is worth a word: the list shows what there is.
  const revoked = await ctx.as.revokeGrant(form.grant, visitor.user.id, ctx)
  return seeOther(accountLink(readPage(form.page), ctx, revoked))
}

async function listGrants(
  userId: string,
  page: number,
  { store, now }: PagesContext,
): Promise<Pick<AccountView, 'grants' | 'isLast'>> {
  // One more than is shown tells whether there are more.
  const part = { after: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE + 1 }
  const [found, resources] = await Promise.all([store.grants.listLive(userId, now(), part), store.resources.list()])
  const grants = found.slice(0, PAGE_SIZE)
  const ids = [...new Set(grants.map(({ clientId }) => clientId))]
  const clients = new Map(await Promise.all(ids.map(async (id) => [id, await store.clients.find(id)] as const)))
  const views = grants.map((grant) => ({
    grant,
    client: clients.get(grant.clientId) ?? null,
    resource: resources.find(({ identifier }) => identifier === grant.resource) ?? null,
  }))
  return { grants: views, isLast: found.length <= PAGE_SIZE }
}
