/**
 * Whether the metadata can be read: by their form, and by scripts.
 *
 * @see RFC 8414 section 2 and section 3.2
 * @see RFC 9700 section 2.6: cross-origin requests
 * @module
 */
import { expectThat, skip } from '../core/check.ts'
import { alsoReadable, ORIGIN, preflight } from '../core/cors.ts'
import type { AsCheck } from './judge.ts'
import { answered } from './metadata-checks.ts'

export const METADATA_FORM_CHECKS: readonly AsCheck[] = [
  {
    id: 'as-metadata-types',
    title:
      'What the metadata say has the form that clients read: lists are lists of strings with something in them, flags are true or false',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 2 and section 3.2',
    mend: 'Write lists as JSON arrays of strings, flags as true or false without quotation marks, and leave out what would be empty: clients take a member that they cannot read for one that is missing.',
    async run(ctx) {
      const members = Object.entries(await ctx.metadata()).filter(([name]) => [...LISTS, ...FLAGS].includes(name))
      if (members.length === 0) return skip('the metadata have no lists and no flags')
      const wrong = members.filter(
        ([name, value]) =>
          (LISTS.includes(name) && !isList(value)) || (FLAGS.includes(name) && typeof value !== 'boolean'),
      )
      const told = wrong.map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
      return expectThat(wrong.length === 0, 'lists of strings, and true or false', await answered(ctx), told.join(', '))
    },
  },
  {
    id: 'as-metadata-cors',
    title: 'Clients in a browser can read the metadata',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Send Access-Control-Allow-Origin: * with the metadata document: it is public.',
    async run(ctx) {
      const answer = await answered(ctx)
      return alsoReadable(answer, await ctx.http.get(answer.exchange.url, { origin: ORIGIN }))
    },
  },
  {
    id: 'as-metadata-preflight',
    title: 'Clients in a browser may say which protocol version they speak when they read the metadata',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Answer OPTIONS at the well-known URL with 204, Access-Control-Allow-Origin: * and Access-Control-Allow-Headers: MCP-Protocol-Version, which many MCP clients send along.',
    async run(ctx) {
      const { exchange } = await answered(ctx)
      return preflight(ctx.http, exchange.url, { method: 'GET', headers: ['MCP-Protocol-Version'] })
    },
  },
]

const LISTS = [
  'scopes_supported',
  'response_types_supported',
  'response_modes_supported',
  'grant_types_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'revocation_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_methods_supported',
  'code_challenge_methods_supported',
  'protected_resources',
]

const FLAGS = [
  'authorization_response_iss_parameter_supported',
  'client_id_metadata_document_supported',
  'require_pushed_authorization_requests',
]

const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== '')
