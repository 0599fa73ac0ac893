/**
 * Calls that need a scope which the token does not have, and the way to one that does.
 *
 * @see MCP 2026-07-28, authorization, scope challenge handling
 * @see RFC 6750 section 3.1: insufficient_scope
 * @module
 */
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { challengeOf } from './challenge-checks.ts'
import type { RsCheck, RsContext } from './context.ts'

const MCP = { spec: 'MCP 2026-07-28', level: 'must' } as const

export const RS_SCOPE_CHECKS: readonly RsCheck[] = [
  {
    ...MCP,
    id: 'rs-scope',
    title: 'A token without the scope that a tool needs is answered 403, with insufficient_scope',
    section: 'Runtime Insufficient Scope Errors',
    mend: 'Answer 403 with WWW-Authenticate: Bearer error="insufficient_scope", scope="...". Hosts then ask for more.',
    async run(ctx) {
      const answer = await withoutScope(ctx)
      const params = challengeOf(answer)?.params ?? {}
      const right = answer.status === 403 && params['error'] === 'insufficient_scope'
      const told = `${answer.status}, WWW-Authenticate: ${answer.headers.get('www-authenticate') ?? 'none'}`
      const verdict = expectThat(right, '403 with error="insufficient_scope"', answer, told)
      return backed(verdict, letsCallsThrough(ctx, params['scope']))
    },
  },
  {
    ...MCP,
    level: 'should',
    id: 'rs-scope-challenge',
    title: 'The challenge names the scopes that are needed, and the metadata',
    section: 'Runtime Insufficient Scope Errors',
    mend: 'Put all scopes that the operation needs into one challenge, with resource_metadata.',
    async run(ctx) {
      const answer = await withoutScope(ctx)
      if (answer.status !== 403) return skip('the answer is no 403')
      const { scope, resource_metadata: place } = challengeOf(answer)?.params ?? {}
      return expectThat(
        scope !== undefined && place !== undefined,
        'scope and resource_metadata',
        answer,
        answer.headers.get('www-authenticate') ?? 'none',
      )
    },
  },
  {
    ...MCP,
    id: 'rs-step-up',
    title: 'With the scopes of the challenge the same call passes',
    section: 'Step-Up Authorization Flow',
    mend: 'Name in the challenge what is really needed, or hosts go round in circles.',
    async run(ctx) {
      const scope = challengeOf(await withoutScope(ctx))?.params['scope'] ?? skip('the challenge names no scope')
      const { answer, isAnswered } = await ctx.callTool(await ctx.tokenWith(scope), toolOf(ctx))
      return isAnswered ? pass(scope) : problem('status 200 with an answer to the call', answer)
    },
  },
]

const toolOf = (ctx: RsContext): string => ctx.options.tool ?? skip('no tool is named that needs a scope (--tool)')

/** Whoever refuses every call does not look at scopes. */
const letsCallsThrough = (ctx: RsContext, named: string | undefined) => ({
  async needed() {
    const scope = named ?? (await ctx.about()).scope ?? skip('nobody says which scope the call needs')
    const { answer, isAnswered } = await ctx.callTool(await ctx.tokenWith(scope), toolOf(ctx))
    if (!isAnswered) skip(`with the scope ${scope} the call is refused, too: ${answer.summary}`)
  },
})

async function withoutScope(ctx: RsContext) {
  return (await ctx.callTool(await ctx.narrowToken(), toolOf(ctx))).answer
}
