/**
 * Running several interactions as one: all on one redirect URI, the first answer counts, all are closed in the end.
 *
 * @module
 */
import { SallyportError } from '../errors.ts'
import { orAborted } from '../stores/mutex.ts'
import type { Interaction, InteractionContext, InteractionRequest, PreparedInteraction } from './interaction.ts'

/**
 * Prepares every interaction that can work here. The first one that can fixes the redirect URI.
 *
 * @throws {SallyportError} `interaction_unavailable` where none can, or what the first of them says about it (`port_in_use`)
 */
export async function prepareInteractions(
  interactions: readonly Interaction[],
  context: Omit<InteractionContext, 'redirectUri'>,
): Promise<PreparedInteraction> {
  const prepared: PreparedInteraction[] = []
  const problems: unknown[] = []
  for (const interaction of interactions) {
    try {
      const one = await interaction.prepare({ ...context, redirectUri: prepared[0]?.redirectUri })
      if (one !== undefined) prepared.push(one)
    } catch (problem) {
      problems.push(problem)
    }
  }
  const redirectUri = prepared[0]?.redirectUri
  if (redirectUri === undefined) {
    const [first] = problems
    throw first instanceof SallyportError ? first : new SallyportError('interaction_unavailable', { cause: first })
  }
  const close = async (): Promise<void> => {
    await Promise.allSettled(prepared.map((one) => one.close()))
  }
  return { redirectUri, open: (request) => firstAnswer(prepared, request), close }
}

async function firstAnswer(prepared: readonly PreparedInteraction[], request: InteractionRequest): Promise<string> {
  const others = new AbortController()
  const signal = AbortSignal.any([request.signal, others.signal])
  try {
    const answers = Promise.any(prepared.map((one) => one.open({ ...request, signal })))
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
