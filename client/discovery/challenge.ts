/**
 * What a resource's 401 or 403 asks for.
 *
 * @see RFC 9728 section 5.1: `resource_metadata`
 * @see RFC 6750 section 3: `scope`, `error`
 * @see RFC 9449 section 7.1: the DPoP challenge has the same parameters
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { parseScope } from '../../shared/scope.ts'
import type { ClientContext } from '../context.ts'
import { hasCode } from '../errors.ts'
import { requestJson } from '../http/request-json.ts'
import type { ReceivedChallenge } from './discovery.ts'

/** The Bearer or DPoP challenge of a response, with its `error`; an empty one where there is none. */
export function readChallenge(headers: Headers): ReceivedChallenge & { readonly error: string | undefined } {
  const ours = parseChallenges(headers.get('www-authenticate')).filter(({ scheme }) => /^(?:bearer|dpop)$/.test(scheme))
  // A gateway in front may add a challenge of its own: the one that says something counts.
  const telling = ours.find(({ params }) => params['error'] === 'insufficient_scope' || params['resource_metadata'])
  const params = (telling ?? ours[0])?.params ?? {}
  const scope = parseScope(params['scope'])
  return {
    resourceMetadataUrl: params['resource_metadata'],
    scope: scope.length === 0 ? undefined : scope,
    error: params['error'],
  }
}

/**
 * Asks the resource for its challenge, before any request of the host's own: `server/discover` is the first call of the 2026-07-28
 * wire and harmless on the older ones, and every protected server answers it with 401.
 */
export async function probe(context: ClientContext, signal?: AbortSignal): Promise<ReceivedChallenge | undefined> {
  const answer = await requestJson(context, {
    purpose: 'probe',
    url: context.resource,
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 'probe',
      method: 'server/discover',
      params: { _meta: META },
    }),
    signal,
    // Only a challenge is of interest; wherever the server points instead, the well-known locations are tried next.
    headOnly: true,
  }).catch((error) => {
    // A browser that is not allowed to send these headers across origins says "network error": the well-known locations remain.
    if (hasCode(error, 'network_error')) return undefined
    throw error
  })
  return answer?.status === 401 ? readChallenge(answer.headers) : undefined
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'sallyport', version: '0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
