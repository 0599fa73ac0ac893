/**
 * What real MCP hosts were seen to send, and sending it again: order of parameters, headers and all. Ports, identifiers and secrets
 * were replaced by placeholders in the recordings; they are filled in here.
 *
 * @module
 */
import * as v from 'valibot'
import { s256 } from '../../shared/pkce.ts'
import { TokenResponse } from '../../shared/token-response.ts'
import type { TestDemo } from './demo.ts'
import claudeCode from './hosts/claude-code.json' with { type: 'json' }
import codex from './hosts/codex.json' with { type: 'json' }
import geminiCli from './hosts/gemini-cli.json' with { type: 'json' }
import mcpRemote from './hosts/mcp-remote.json' with { type: 'json' }
import { createPerson } from './person.ts'

const Headers = v.record(v.string(), v.string())
const Fields = v.record(v.string(), v.string())
const Form = v.object({ headers: Headers, body: Fields })

export const RecordedHost = v.object({
  host: v.string(),
  version: v.string(),
  first_mcp_request: v.object({
    method: v.string(),
    headers: Headers,
    body: v.nullable(v.record(v.string(), v.unknown())),
  }),
  discovery_without_resource_metadata: v.array(v.string()),
  discovery_of_issuer_t1: v.array(v.string()),
  prm_request_headers: Headers,
  as_metadata_request_headers: Headers,
  registration_request: v.object({ headers: Headers, body: v.looseObject({ redirect_uris: v.tuple([v.string()]) }) }),
  authorize_query: Fields,
  token_request: Form,
  refresh_request: Form,
  revocation_requests: v.array(Form),
})
export type RecordedHost = v.InferOutput<typeof RecordedHost>

export const RECORDED_HOSTS: readonly RecordedHost[] = v.parse(v.array(RecordedHost), [
  claudeCode,
  codex,
  geminiCli,
  mcpRemote,
])

/** What the placeholders stand for by now. */
type Filling = Readonly<Record<string, string>>

/** `CODE_VERIFIER(43 chars)` -> a value of that length. */
const invent = (length: string | undefined): string => 'x'.repeat(Number(length ?? 8))

const PLACEHOLDER = /^([A-Z_]+)(?:\((\d+) chars\))?$/

/** A recorded value with the placeholders replaced. */
function fill(value: string, demo: TestDemo, filling: Filling): string {
  const [, name = '', length] = PLACEHOLDER.exec(value) ?? []
  if (name !== '') return filling[name] ?? invent(length)
  return value
    .replace('http://localhost:PORT/mcp', demo.mcpUrl)
    .replace('CALLBACK_PORT', filling['CALLBACK_PORT'] ?? '0')
}

const fillAll = (fields: Readonly<Record<string, string>>, demo: TestDemo, filling: Filling): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fill(value, demo, filling)]))

/** A host at work: each call sends the recorded request with what the calls before it learnt. */
export function createReplay(host: RecordedHost, demo: TestDemo) {
  const person = createPerson(demo)
  let filling: Filling = { CALLBACK_PORT: '49152' }

  const postForm = async (form: v.InferOutput<typeof Form>, path: string): Promise<Response> => {
    const body = new URLSearchParams(fillAll(form.body, demo, filling))
    return demo.fetch(path, { method: 'POST', headers: form.headers, body: body.toString() })
  }

  const learnTokens = async (response: Response): Promise<TokenResponse> => {
    const tokens = v.parse(TokenResponse, await response.clone().json())
    filling = { ...filling, REFRESH_TOKEN: tokens.refresh_token ?? '', ACCESS_TOKEN: tokens.access_token }
    return tokens
  }

  return {
    person,
    filling: () => filling,

    /** The first request to the MCP endpoint; `token`: with a token. */
    firstMcpRequest(token?: string): Promise<Response> {
      const { method, headers, body } = host.first_mcp_request
      return demo.fetch(demo.mcpUrl, {
        method,
        headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      })
    },

    async register(changes: Readonly<Record<string, unknown>> = {}): Promise<Response> {
      const { headers, body } = host.registration_request
      const redirectUris = body.redirect_uris.map((uri) => fill(uri, demo, filling))
      const response = await demo.fetch('/oauth/register', {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...body, redirect_uris: redirectUris, ...changes }),
      })
      const { client_id: id } = v.parse(v.looseObject({ client_id: v.string() }), await response.clone().json())
      filling = { ...filling, CLIENT_ID: id }
      return response
    },

    /** Sends the person to the authorization endpoint; where their browser ends up. `port`: the callback's, this time. */
    async authorize(changes: Readonly<Record<string, string>> = {}, port = '49152'): Promise<URL> {
      const verifier = fill(host.token_request.body['code_verifier'] ?? '', demo, {})
      filling = { ...filling, CALLBACK_PORT: port, CODE_VERIFIER: verifier, CODE_CHALLENGE: await s256(verifier) }
      const query = new URLSearchParams({ ...fillAll(host.authorize_query, demo, filling), ...changes })
      const callback = await person.visit(`${demo.issuer}/oauth/authorize?${query}`)
      filling = { ...filling, CODE: callback.searchParams.get('code') ?? '' }
      return callback
    },

    async exchange(): Promise<TokenResponse> {
      return learnTokens(await postForm(host.token_request, '/oauth/token'))
    },

    /** The answers to so many refreshes with the same token, sent at once. The host keeps the last. */
    async refresh(times = 1): Promise<readonly TokenResponse[]> {
      const requests = Array.from({ length: times }, () => postForm(host.refresh_request, '/oauth/token'))
      const tokens: TokenResponse[] = []
      for (const response of await Promise.all(requests)) tokens.push(await learnTokens(response))
      return tokens
    },

    /** Statuses of the recorded revocations, in their order. */
    async revoke(): Promise<readonly number[]> {
      const statuses: number[] = []
      for (const request of host.revocation_requests) {
        statuses.push((await postForm(request, '/oauth/revoke')).status)
      }
      return statuses
    },
  }
}
