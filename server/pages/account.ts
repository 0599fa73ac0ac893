/**
 * `GET /account` and `POST /account/revoke`: what a person granted, and taking it back.
 *
 * @module
 */
import { accountPage, type GrantView } from './account-page.ts'
import type { PagesContext } from './context.ts'
import { linkTo, signInLink } from './links.ts'
import { readPost } from './post.ts'
import { pageResponse, seeOther } from './respond.ts'
import { isSignedIn, readVisitor } from './visitor.ts'

export async function account(request: Request, ctx: PagesContext): Promise<Response> {
  const visitor = await readVisitor(request, ctx)
  if (!isSignedIn(visitor)) return seeOther(signInLink(undefined, ctx))
  const revoked = new URL(request.url).searchParams.has('revoked')
  const { csrf, user } = visitor
  return pageResponse(accountPage({ csrf, user, grants: await listGrants(user.id, ctx), revoked }, ctx))
}

export async function revokeGrant(request: Request, ctx: PagesContext): Promise<Response> {
  const posted = await readPost(request, ctx)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  if (visitor.user === null) return seeOther(signInLink(undefined, ctx))
  // False means that it was not theirs or is gone already. Neither is worth a word: the list shows what there is.
  const revoked = await ctx.as.revokeGrant(form.grant, visitor.user.id, ctx)
  return seeOther(revoked ? `${linkTo('account', ctx)}?revoked` : linkTo('account', ctx))
}

async function listGrants(userId: string, { store, now }: PagesContext): Promise<readonly GrantView[]> {
  const [grants, resources] = await Promise.all([store.grants.listLive(userId, now()), store.resources.list()])
  const ids = [...new Set(grants.map(({ clientId }) => clientId))]
  const clients = new Map(await Promise.all(ids.map(async (id) => [id, await store.clients.find(id)] as const)))
  return grants.map((grant) => ({
    grant,
    client: clients.get(grant.clientId) ?? null,
    resource: resources.find(({ identifier }) => identifier === grant.resource) ?? null,
  }))
}
