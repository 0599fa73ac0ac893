/**
 * What a resource server says of itself, and where.
 *
 * @see RFC 9728 section 2 and section 3
 * @module
 */

import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'
import { isSecure } from '../authorization-server/metadata-checks.ts'
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { alsoReadable, ORIGIN, preflight } from '../core/cors.ts'
import type { RsCheck } from './context.ts'

const METADATA = { spec: 'RFC 9728', level: 'must' } as const

/** RFC 8414 section 2. */
const isIssuer = (value: unknown): value is string => {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url !== null && isSecure(url)
}

export const RS_METADATA_CHECKS: readonly RsCheck[] = [
  {
    ...METADATA,
    id: 'rs-metadata',
    title: 'Metadata of the resource are found, by the challenge or at a well-known URL',
    section: 'section 3',
    mend: 'Serve the document at /.well-known/oauth-protected-resource, inserted between host and path of the MCP URL, without asking for a token, and name it as resource_metadata in the 401.',
    async run(ctx) {
      const { found, looked } = await ctx.locate()
      const first = looked[0]
      if (found !== undefined) return pass(found.answer.exchange.url)
      await ctx.endpoint()
      const expected = 'status 200 with a JSON object that has a resource'
      return first === undefined ? problem(expected, 'no answer') : problem(expected, first.answer)
    },
  },
  {
    ...METADATA,
    id: 'rs-metadata-type',
    title: 'Metadata are application/json',
    section: 'section 3.2',
    mend: 'Send Content-Type: application/json with the document.',
    async run(ctx) {
      const { answer } = await ctx.metadata()
      const type = answer.headers.get('content-type') ?? 'none'
      return expectThat(/^application\/json\b/i.test(type), 'the content type application/json', answer, type)
    },
  },
  {
    ...METADATA,
    id: 'rs-metadata-resource',
    title: 'The metadata are about the URL that was asked: resource is the same, byte for byte',
    section: 'section 3.3',
    mend: 'Set resource to the exact URL that people give to hosts. A slash at the end, http instead of https behind a proxy, or another host make clients reject the document.',
    async run(ctx) {
      const { found } = await ctx.locate()
      if (found === undefined) return skip('there are no metadata')
      const said = String(found.answer.json['resource'])
      return expectThat(said === found.resource, `resource ${found.resource}`, found.answer, `resource ${said}`)
    },
  },
  {
    id: 'rs-metadata-servers',
    title: 'The metadata name an authorization server, by an https URL (http on loopback)',
    level: 'must',
    spec: 'MCP 2026-07-28',
    section: 'Authorization Server Location',
    mend: 'Add authorization_servers with the issuer that your tokens come from: an https URL, which hosts insist on.',
    async run(ctx) {
      const { members, answer } = await ctx.metadata()
      const servers = members['authorization_servers']
      const named = Array.isArray(servers) && servers.length > 0 && servers.every(isIssuer)
      return expectThat(
        named,
        'authorization_servers with at least one issuer, each an https URL',
        answer,
        JSON.stringify(servers) ?? 'no such member',
      )
    },
  },
  {
    id: 'rs-metadata-issuers',
    title: 'Each authorization server is named as it names itself, byte for byte',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 3.3',
    mend: 'Copy issuer from the metadata of the authorization server into authorization_servers as it stands there, a slash at the end included or not.',
    async run(ctx) {
      const { members } = await ctx.metadata()
      const servers = [members['authorization_servers']].flat().filter(isIssuer)
      if (servers.length === 0) return skip('none is named that a host would ask')
      for (const issuer of servers) {
        const answers = []
        for (const url of authorizationServerMetadataUrls(issuer)) {
          answers.push(await ctx.http.get(url))
        }
        const answer =
          answers.find(({ status, json }) => status === 200 && typeof json['issuer'] === 'string') ?? answers[0]
        if (answer === undefined) return problem('an issuer that is a URL', `${issuer}`)
        if (answer.status !== 200 || answer.json['issuer'] !== issuer)
          return problem(`metadata with the issuer ${issuer}`, answer, String(answer.json['issuer'] ?? answer.summary))
      }
      return pass(servers.join(', '))
    },
  },
  {
    ...METADATA,
    id: 'rs-metadata-empty',
    title: 'What the metadata do not have is left out, not empty',
    section: 'section 3.2',
    mend: 'Leave members out that would be empty lists or null.',
    async run(ctx) {
      const { members, answer } = await ctx.metadata()
      const empty = Object.entries(members).filter(
        ([, value]) => value === null || (Array.isArray(value) && value.length === 0),
      )
      return expectThat(empty.length === 0, 'no empty members', answer, empty.map(([name]) => name).join(', '))
    },
  },
  {
    id: 'rs-metadata-offline',
    title: 'Neither metadata nor challenge ask for offline_access',
    level: 'should',
    spec: 'MCP 2026-07-28',
    section: 'Refresh Tokens',
    mend: 'Drop offline_access: whether there are refresh tokens is between the client and the authorization server.',
    async run(ctx) {
      const { members, answer } = await ctx.metadata()
      const told = (await ctx.challenge()).headers.get('www-authenticate') ?? ''
      if ([members['scopes_supported']].flat().includes('offline_access'))
        return problem('no offline_access', answer, 'scopes_supported with it')
      return expectThat(!told.includes('offline_access'), 'no offline_access', await ctx.challenge(), told)
    },
  },
  {
    id: 'rs-metadata-methods',
    title: 'Tokens are taken from the header alone',
    level: 'should',
    spec: 'MCP 2026-07-28',
    section: 'Token Requirements',
    mend: 'Set bearer_methods_supported to ["header"].',
    async run(ctx) {
      const { members, answer } = await ctx.metadata()
      const methods = [members['bearer_methods_supported'] ?? []].flat()
      const others = methods.filter((method) => method !== 'header')
      return expectThat(others.length === 0, '["header"], or nothing', answer, others.join(', '))
    },
  },
  {
    ...METADATA,
    level: 'should',
    id: 'rs-metadata-cors',
    title: 'Clients in a browser can read the metadata',
    section: 'section 3.1',
    mend: 'Send Access-Control-Allow-Origin: * with the document: it is public.',
    async run(ctx) {
      const { answer } = await ctx.metadata()
      return alsoReadable(answer, await ctx.http.get(answer.exchange.url, { origin: ORIGIN }))
    },
  },
  {
    ...METADATA,
    level: 'should',
    id: 'rs-metadata-preflight',
    title: 'Clients in a browser may say which protocol version they speak when they read the metadata',
    section: 'section 3.1 and section 7.10',
    mend: 'Answer OPTIONS at the well-known URL with 204, Access-Control-Allow-Origin: * and Access-Control-Allow-Headers: MCP-Protocol-Version, which many MCP clients send along.',
    async run(ctx) {
      const { answer } = await ctx.metadata()
      return preflight(ctx.http, answer.exchange.url, { method: 'GET', headers: ['MCP-Protocol-Version'] })
    },
  },
]
