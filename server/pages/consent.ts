/**
 * `POST /oauth/authorize/consent`: the person's decision.
 *
 * @see OAuth 2.1 section 4.1.2 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { clientDigest } from '../core/client-digest.ts'
import { askForConsent } from './ask-for-consent.ts'
import { countForClient, judge } from './authorize.ts'
import { inAttempt, type PagesContext } from './context.ts'
import { signInLink } from './links.ts'
import { readPost } from './post.ts'
import { problemPage } from './problem-page.ts'
import { noteRefusal } from './refusal.ts'
import { seeOther } from './respond.ts'
import { isSignedIn } from './visitor.ts'

export async function consent(request: Request, given: PagesContext): Promise<Response> {
  const posted = await readPost(request, given)
  if (!posted.ok) return posted.error
  const { form, visitor } = posted.value
  if (form.request === undefined || form.decision === undefined) {
    noteRefusal('unreadable_form', form.request ?? '', given)
    return problemPage('unreadable_form', given)
  }
  const ctx = inAttempt(form.request, given)
  const judged = await judge(form.request, visitor, ctx, true)
  if (!judged.ok) return judged.error
  // The session ended while the page stood open, or the client was forgotten: sign in, then the page comes again.
  if (judged.value === null || !isSignedIn(visitor)) return seeOther(signInLink(form.request, ctx))
  const { id } = visitor.user
  if (form.decision === 'deny') return seeOther(ctx.as.deny(judged.value, id, ctx))
  // What was agreed to is what was seen: a client that publishes what it is may have changed it meanwhile.
  if (form.client !== (await clientDigest(judged.value.client, ctx.hash))) {
    return askForConsent({ request: judged.value, query: form.request, visitor, changed: true }, ctx)
  }
  const tooMany = await countForClient(judged.value, form.request, ctx)
  return tooMany ?? seeOther(await ctx.as.approve(judged.value, id, ctx, visitor.session))
}
