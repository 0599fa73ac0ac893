/**
 * Running several interactions as one: all on one redirect URI, the first answer counts, all are closed in the end.
 *
 * @module
 */
import { SallyportError } from '../errors.ts'
import { orAborted } from '../stores/mutex.ts'
import type { Interaction, InteractionContext, InteractionRequest, PreparedInteraction } from './interaction.ts'

/**
 * Prepares every interaction that can work here. The first one that can fixes the redirect URI. Where the signal aborts meanwhile, what is
 * ready is closed, and what becomes ready later too.
 *
 * @throws {SallyportError} `interaction_unavailable` where none can, or what the first of them says about it (`port_in_use`)
 */
export async function prepareInteractions(
  interactions: readonly Interaction[],
  context: Omit<InteractionContext, 'redirectUri'>,
): Promise<PreparedInteraction> {
  const { signal } = context
  const prepared: PreparedInteraction[] = []
  const problems: unknown[] = []
  const close = async (): Promise<void> => {
    await Promise.allSettled(prepared.map(async (one) => one.close()))
  }
  for (const interaction of interactions) {
    const preparing = prepare(interaction, { ...context, redirectUri: prepared[0]?.redirectUri })
    try {
      const one = await orAborted(preparing, signal)
      if (one !== undefined) prepared.push(one)
    } catch (problem) {
      if (signal.aborted) {
        preparing.then((late) => late?.close()).catch(() => {})
        await close()
        throw problem
      }
      problems.push(problem)
    }
  }
  const redirectUri = prepared[0]?.redirectUri
  if (redirectUri === undefined) {
    const [first] = problems
    throw first instanceof SallyportError ? first : new SallyportError('interaction_unavailable', { cause: first })
  }
  return { redirectUri, open: (request) => firstAnswer(prepared, request), close }
}

/** `async`: one that throws at once must not keep the others from their turn. */
const prepare = async (interaction: Interaction, context: InteractionContext) => interaction.prepare(context)

async function firstAnswer(prepared: readonly PreparedInteraction[], request: InteractionRequest): Promise<string> {
  const others = new AbortController()
  const signal = AbortSignal.any([request.signal, others.signal])
  try {
    const answers = Promise.any(prepared.map(async (one) => one.open({ ...request, signal })))
    return await orAborted(answers, request.signal)
  } catch (cause) {
    if (request.signal.aborted) throw cause
    // Every one of them failed; one alone speaks for itself.
    const [first] = cause instanceof AggregateError ? cause.errors : [cause]
    throw first instanceof SallyportError ? first : new SallyportError('interaction_failed', { cause: first })
  } finally {
    others.abort()
  }
}
