/**
 * The product: a `fetch` that carries the session's token to the resource, and to nobody else.
 *
 * @see MCP 2026-07-28, authorization, "Token Requirements": in every request, in the header only
 * @see MCP 2026-07-28, authorization, "Error Handling": 401, 403
 * @module
 */
import { unionScopes } from '../../shared/scope.ts'
import type { ClientContext, Fetch } from '../context.ts'
import { readChallenge } from '../discovery/challenge.ts'
import { AuthorizationRequiredError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { discard } from '../http/request-json.ts'
import { covers } from '../resource-url.ts'
import { anyOf } from '../stores/mutex.ts'
import { type Credential, isAlive } from '../token/credential.ts'
import { authorize, isUnattended } from './authorize.ts'
import { currentCredential, replaceRejected } from './current.ts'
import { isProofTrouble, present } from './present.ts'
import { methodOf, type ReplayableRequest, replayable, urlOf } from './replay.ts'
import { remember, type SessionState } from './state.ts'
import { decideStepUp } from './step-up.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Makes the session's `fetch`: per call at most one renewal and one step-up, then the response is returned, whatever it says. It
 * never waits for a person: it throws `AuthorizationRequiredError`.
 */
export function createFetch(state: SessionState): Fetch {
  const { context } = state
  return async (input, init) => {
    const url = urlOf(input)
    if (url === undefined || !covers(context.resource, url)) return context.fetch(input, init)
    const callers = signalOf(input, init)
    const request = replayable(traced(context), input, init, anyOf(callers, context.signal))
    try {
      return await untilAborted(context, callers, () => withCredential(state, request))
    } catch (cause) {
      // To its caller the signal is what it is to any `fetch`.
      if (callers?.aborted === true) throw callers.reason
      throw cause
    } finally {
      request.done()
    }
  }
}

/** Each sending of a request to the resource is an event. */
const traced =
  ({ fetch, emit }: ClientContext): Fetch =>
  async (input, init) => {
    const about = {
      purpose: 'resource',
      method: methodOf(input, init),
      url: withoutQuery(urlOf(input)?.href ?? ''),
    } as const
    try {
      const response = await fetch(input, init)
      emit({ type: 'request', ...about, status: response.status })
      return response
    } catch (error) {
      emit({ type: 'request_failed', ...about, code: init?.signal?.aborted === true ? 'aborted' : 'network_error' })
      throw error
    }
  }

function signalOf(input: string | URL | Request, init: RequestInit = {}): AbortSignal | undefined {
  const signal = init.signal === undefined && input instanceof Request ? input.signal : init.signal
  return signal ?? undefined
}

async function withCredential(state: SessionState, request: ReplayableRequest): Promise<Response> {
  const { context } = state
  let credential = await orUnattended(state, request, () => currentCredential(state, request.signal))
  // It would be refused for sure, and nobody has to be waited for.
  if (credential !== undefined && isUnattended(state) && !isAlive(credential, context.now())) {
    credential = await authorize(state, state.wanted, { force: false, signal: request.signal })
  }
  let response = await present(context, request, credential)

  // Another token would not help where the proof was refused: each of them needs one.
  if (response.status === 401 && !isProofTrouble(credential, response)) {
    const refused = response
    credential = await discarding(refused, () => afterUnauthorized(state, request, credential, refused.headers))
    response = await present(context, request, credential)
    // Fresh and still refused: another refresh would not help, so the next `authorize` signs in.
    if (response.status === 401) state.rejected = credential.generation
  }
  if (response.status === 403 && credential !== undefined) {
    const stepped = await afterForbidden(state, request, credential, response)
    if (stepped !== undefined) {
      discard(response)
      credential = stepped
      response = await present(context, request, stepped)
    }
  }
  if (response.ok && credential !== undefined) state.attempts.accepted(credential.generation)
  return response
}

/**
 * The credential to go on with after a 401: renewed, or obtained where nobody has to be waited for.
 *
 * @throws {AuthorizationRequiredError} where only a person can help
 */
export async function afterUnauthorized(
  state: SessionState,
  request: Pick<ReplayableRequest, 'signal'>,
  used: Credential | undefined,
  headers: Headers,
): Promise<Credential> {
  const { context } = state
  const challenge = readChallenge(headers)
  remember(state, challenge)
  context.emit({ type: 'challenged', status: 401, scope: challenge.scope ?? [] })
  return orUnattended(state, request, async () => {
    if (used !== undefined) return replaceRejected(state, used, request.signal)
    throw new AuthorizationRequiredError('signed_out', context.resource, challenge.scope)
  })
}

async function afterForbidden(
  state: SessionState,
  request: ReplayableRequest,
  used: Credential,
  response: Response,
): Promise<Credential | undefined> {
  const decision = await decideStepUp(state, used, response.headers)
  if (!(decision instanceof AuthorizationRequiredError)) return decision
  return discarding(response, () =>
    orUnattended(state, request, async () => {
      throw decision
    }),
  )
}

/** Where no person is involved, an authorization may happen inside a request; everywhere else it is the host's turn. */
async function orUnattended<Value>(
  state: SessionState,
  { signal }: Pick<ReplayableRequest, 'signal'>,
  work: () => Promise<Value>,
): Promise<Value | Credential> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AuthorizationRequiredError)) throw error
    state.context.emit({ type: 'authorization_required', reason: error.reason, scope: error.scope })
    if (!isUnattended(state)) throw error
    return authorize(state, unionScopes(state.wanted, error.scope), { force: false, signal })
  }
}

/** The body of a response that nobody will see holds a connection: let it go, also when what follows fails. */
async function discarding<Value>(response: Response, work: () => Promise<Value>): Promise<Value> {
  discard(response)
  return work()
}
