/**
 * The one way into a POST handler: a readable form, from our own page, in this browser. What is in it is still only a claim.
 *
 * @see OAuth 2.1 section 7.12 (draft-ietf-oauth-v2-1-16): cross-site request forgery
 * @module
 */
import * as v from 'valibot'
import { readForm } from '../../shared/form.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { PageRefusal } from '../core/audit.ts'
import { excessOf, MOST_BODY, MOST_CREDENTIALS } from '../core/bounds.ts'
import type { PagesContext } from './context.ts'
import { isCsrfToken, isForeignPost } from './csrf.ts'
import { problemPage } from './problem-page.ts'
import { noteRefusal } from './refusal.ts'
import { readVisitor, type Visitor } from './visitor.ts'

/** Every field of every form of ours. */
const PageForm = v.object({
  csrf: v.optional(v.string(), ''),
  /** The query of the authorization request that the form is about, as it came. */
  request: v.optional(v.string()),
  username: v.optional(v.string(), ''),
  password: v.optional(v.string(), ''),
  decision: v.optional(v.picklist(['allow', 'deny'])),
  /** Whom to sign in with, if not here. */
  provider: v.optional(v.string(), ''),
  /** The digest of the client that was shown. */
  client: v.optional(v.string(), ''),
  grant: v.optional(v.string(), ''),
  /** Of the list that the form was in. */
  page: v.optional(v.string(), '1'),
})
export type PageForm = v.InferOutput<typeof PageForm>

/** An accepted form and who sent it. */
export interface Posted {
  readonly form: PageForm
  readonly visitor: Visitor
}

/** Reads a posted form; a failure is the page that says why not. */
export async function readPost(request: Request, ctx: PagesContext): Promise<Result<Posted, Response>> {
  const body = await readBody(request)
  const parameters = new URLSearchParams(body ?? '')
  const excess = excessOf(parameters, body?.length ?? 0)
  const form = body !== null && excess === null ? v.safeParse(PageForm, readForm(parameters)) : null
  type Page = 'unreadable_form' | 'foreign_form' | 'parameter_too_long' | 'credentials_too_long'
  const refuse = (page: Page, reason: PageRefusal['reason'] = page) => {
    noteRefusal(reason, parameters.get('request') ?? '', ctx)
    return err(problemPage(page, ctx))
  }
  if (excess === 'parameter_too_long') return refuse(excess)
  if (form === null || !form.success) return refuse('unreadable_form')
  const { username, password } = form.output
  if (username.length > MOST_CREDENTIALS.username || password.length > MOST_CREDENTIALS.password)
    return refuse('credentials_too_long')
  if (isForeignPost(request.headers, ctx.origin)) return refuse('foreign_form')
  const visitor = await readVisitor(request, ctx)
  const { cookie } = visitor
  if (cookie === null) return refuse('foreign_form', 'missing_cookie')
  if (!(await isCsrfToken(form.output.csrf, cookie, ctx.hash))) return refuse('foreign_form')
  return ok({ form: form.output, visitor })
}

/** The text of a form body, or null when it is something else or too long. */
async function readBody(request: Request): Promise<string | null> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded' || request.body === null) return null
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > MOST_BODY) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
