/**
 * Getting a message to the server: through a sign-in, a lost session or a server that is away for a while, and never twice to one that
 * may have acted on it.
 *
 * @module
 */
import { type JSONRPCMessage, SdkHttpError } from '@modelcontextprotocol/client'
import { AuthorizationRequiredError, SallyportError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { orAborted } from '../stores/mutex.ts'
import { NotOpened, SessionLost } from './connection.ts'
import { isListening, isRepeatable } from './messages.ts'
import { wasNotSent } from './not-sent.ts'
import { BACKOFF, PATIENCE, type Remote } from './remote.ts'
import { type Backoff, pauseAt } from './standing.ts'

/** What a delivery stands on; see `BridgeOptions`. */
export interface DeliveryOptions {
  readonly remote: Pick<Remote, 'send'>
  readonly signIn: (scope: readonly string[]) => Promise<void>
  readonly patience?: number
  readonly backoff?: Backoff
}

/** Delivers a message, as long as it is `wanted`; breaking off what has been sent takes the signal. */
export type Deliver = (
  message: JSONRPCMessage,
  signal: AbortSignal,
  request?: { readonly wanted: () => boolean; readonly onStreamEnd: () => void },
) => Promise<void>

/** A sign-in, and a step-up: what one message may cost a person. */
const MAX_SIGN_INS = 2
const MAX_SESSIONS = 3

export function createDelivery({ remote, signIn, patience = PATIENCE, backoff = BACKOFF }: DeliveryOptions): Deliver {
  return async (message, signal, request) => {
    const began = performance.now()
    let signIns = 0
    let sessions = 0
    for (let attempt = 0; request?.wanted() !== false; attempt += 1) {
      try {
        return await remote.send(message, signal, request?.onStreamEnd)
      } catch (problem) {
        signal.throwIfAborted()
        if (problem instanceof AuthorizationRequiredError && signIns < MAX_SIGN_INS) {
          signIns += 1
          await orAborted(signIn(problem.scope), signal)
          continue
        }
        if (problem instanceof SessionLost && sessions < MAX_SESSIONS) {
          sessions += 1
          continue
        }
        const pause = pauseAfter(problem, message, pauseAt(attempt, backoff) * 1000)
        const patient = isListening(message) || performance.now() + (pause ?? 0) - began < patience
        if (pause === undefined || !patient) throw problem
        await sleep(pause / 1000, signal)
      }
    }
  }
}

/** Milliseconds until `message` may be sent again; `undefined` when it must not be. */
function pauseAfter(problem: unknown, message: JSONRPCMessage, pause: number): number | undefined {
  if (problem instanceof AuthorizationRequiredError || problem instanceof SessionLost) return undefined
  // Trouble on the way to a token: nothing has reached the resource.
  if (problem instanceof SallyportError) {
    return problem.retryable ? Math.max(pause, (problem.retryAfter ?? 0) * 1000) : undefined
  }
  const unsent = problem instanceof NotOpened
  const trouble = unsent ? problem.cause : problem
  const harmless = unsent || isRepeatable(message)
  if (trouble instanceof SdkHttpError) {
    if (trouble.status === 503 || trouble.status === 429) return pause
    return (trouble.status === 502 || trouble.status === 504) && harmless ? pause : undefined
  }
  return wasNotSent(trouble) || harmless ? pause : undefined
}
