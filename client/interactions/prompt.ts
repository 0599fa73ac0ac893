/**
 * The fallback that works everywhere: show the URL, have the person paste where the browser ended up.
 *
 * @see RFC 8252 section 7.3: the redirect URI is loopback, and nobody needs to listen on it
 * @module
 */
import { callbackParams } from '../authorization/callback.ts'
import { SallyportError } from '../errors.ts'
import type { Interaction, InteractionRequest } from './interaction.ts'
import { unheard } from './registered-loopback.ts'

/** Nobody answers there, so the browser shows an error page with the callback in its address bar. */
const UNANSWERED = 'http://127.0.0.1:33418/callback'

const MAX_TRIES = 3

/** Shows `url`, and resolves with what the person entered. `attempt` counts from 1: later ones follow an entry that did not fit. */
export type Ask = (url: string, context: { readonly attempt: number; readonly signal: AbortSignal }) => Promise<string>

/**
 * An interaction over any means of asking: a dialogue in a web page, a chat message, a terminal.
 *
 * @param ask shows the URL and resolves with the pasted callback URL
 * @param options.redirectUri used where no other interaction fixes one; default a loopback address on which nobody listens
 * @throws {SallyportError} from `authorize`: `interaction_failed` after three entries that do not fit, or when `ask` throws
 * @example createSession(url, { interaction: prompt(async (url) => window.prompt(`Open ${url} and paste the address`) ?? '') })
 */
export function prompt(ask: Ask, options: { readonly redirectUri?: string } = {}): Interaction {
  const { redirectUri = UNANSWERED } = options
  return { name: 'prompt', prepare: unheard(redirectUri, (request) => askFor(ask, request)) }
}

async function askFor(ask: Ask, { url, judge, signal }: InteractionRequest): Promise<string> {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const entered = (await ask(url, { attempt, signal })).trim()
    const params = callbackParams(entered)
    if (params !== undefined && judge(params) !== 'foreign') return entered
  }
  throw new SallyportError('interaction_failed')
}
