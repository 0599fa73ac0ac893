/**
 * `POST /oauth/authorize/consent`: the person's decision.
 *
 * @see OAuth 2.1 section 4.1.2 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { judge } from './authorize.ts'
import type { PagesContext } from './context.ts'
import { signInLink } from './links.ts'
import { readPost } from './post.ts'
import { problemPage } from './problem-page.ts'
import { seeOther } from './respond.ts'

export async function consent(request: Request, ctx: PagesContext): Promise<Response> {
  const posted = await readPost(request, ctx)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  if (form.request === undefined || form.decision === undefined) return problemPage('unreadable_form', ctx)
  const judged = await judge(form.request, ctx)
  if (!judged.ok) return judged.error
  // The session ended while the page stood open: sign in, then the page comes again.
  if (visitor.user === null) return seeOther(signInLink(form.request, ctx))
  const { id } = visitor.user
  const { as } = ctx
  return seeOther(form.decision === 'allow' ? await as.approve(judged.value, id, ctx) : as.deny(judged.value, id, ctx))
}
