/**
 * Clients that register themselves.
 *
 * @see RFC 7591 section 2 and section 3
 * @module
 */
import { expectThat, skip } from '../core/check.ts'
import { alsoReadable, ORIGIN, preflight } from '../core/cors.ts'
import type { Answer } from '../core/http.ts'
import type { AsContext } from './context.ts'
import { type AsCheck, errorOf, isJson, noStore } from './judge.ts'

const REGISTRATION = { spec: 'RFC 7591', level: 'must' } as const

type Metadata = Readonly<Record<string, unknown>>

async function register(ctx: AsContext, changes: Metadata = {}): Promise<Answer> {
  return ctx.clients.register({ ...(await ctx.clients.metadataOf()), ...changes })
}

const isCreated = ({ status, json }: Answer): boolean =>
  (status === 201 || status === 200) && typeof json['client_id'] === 'string'

const created = (answer: Answer): Answer =>
  isCreated(answer) ? answer : skip(`no client can be registered: ${answer.summary}`)

async function refusedRegistration(ctx: AsContext, changes: Metadata) {
  created(await register(ctx))
  const answer = await register(ctx, changes)
  const right = answer.status === 400 && /^invalid_(?:redirect_uri|client_metadata)$/.test(errorOf(answer) ?? '')
  return expectThat(right, 'status 400 with the error "invalid_redirect_uri"', answer)
}

export const REGISTRATION_CHECKS: readonly AsCheck[] = [
  {
    ...REGISTRATION,
    id: 'register',
    title: 'A client that registers itself is answered 201 with its id',
    section: 'section 3.2.1',
    mend: 'Answer 201 with client_id. If registration is meant to be closed, drop registration_endpoint from the metadata.',
    async run(ctx) {
      const answer = await register(ctx)
      if (answer.status === 401 || answer.status === 403)
        return skip('registration needs permission (an initial access token)')
      return expectThat(
        answer.status === 201 && typeof answer.json['client_id'] === 'string',
        '201 with a client_id',
        answer,
      )
    },
  },
  {
    ...REGISTRATION,
    id: 'register-echo',
    title: 'The answer says what is now registered',
    section: 'section 3.2.1',
    mend: 'Return all registered metadata, redirect_uris among them: the server may have changed something.',
    async run(ctx) {
      const answer = created(await register(ctx))
      const { redirectUri } = await ctx.clients.main()
      return expectThat(
        JSON.stringify(answer.json['redirect_uris']) === JSON.stringify([redirectUri]),
        `redirect_uris with ${redirectUri} and no other`,
        answer,
        JSON.stringify(answer.json['redirect_uris']) ?? 'no redirect_uris',
      )
    },
  },
  {
    ...REGISTRATION,
    id: 'register-secret-expiry',
    title: 'A secret comes with its end: client_secret_expires_at (0: never)',
    section: 'section 3.2.1',
    mend: 'Add client_secret_expires_at to the answer whenever it has a client_secret.',
    async run(ctx) {
      const answer = created(
        await register(ctx, { token_endpoint_auth_method: (await ctx.clients.confidential()).method }),
      )
      if (typeof answer.json['client_secret'] !== 'string') return skip('the server gives no secret')
      return expectThat(
        typeof answer.json['client_secret_expires_at'] === 'number',
        'client_secret_expires_at',
        answer,
        'no such member',
      )
    },
  },
  {
    ...REGISTRATION,
    level: 'should',
    id: 'register-public-no-secret',
    title: 'A client that wants no secret gets none',
    section: 'section 2',
    mend: 'Honour token_endpoint_auth_method: none. A secret on every copy of an application is no secret.',
    async run(ctx) {
      const answer = created(await register(ctx))
      return expectThat(answer.json['client_secret'] === undefined, 'no client_secret', answer, 'a client_secret')
    },
  },
  {
    ...REGISTRATION,
    id: 'register-no-store',
    title: 'No cache may keep the answer',
    section: 'section 3.2.1',
    mend: 'Send Cache-Control: no-store.',
    async run(ctx) {
      const answer = created(await register(ctx))
      return expectThat(
        noStore(answer),
        'Cache-Control: no-store',
        answer,
        answer.headers.get('cache-control') ?? 'no Cache-Control',
      )
    },
  },
  {
    ...REGISTRATION,
    id: 'register-unknown-member',
    title: 'Metadata that the server does not know are ignored',
    section: 'section 2',
    mend: 'Ignore members that you do not understand.',
    async run(ctx) {
      created(await register(ctx))
      const answer = await register(ctx, { conformance_unknown: true })
      return expectThat(isCreated(answer), '201 with a client_id', answer)
    },
  },
  {
    ...REGISTRATION,
    id: 'register-fragment',
    title: 'A redirect URI with a fragment is refused',
    section: 'section 3.2.2; RFC 6749 section 3.1.2',
    mend: 'Refuse redirect URIs with a fragment (invalid_redirect_uri).',
    run: async (ctx) =>
      refusedRegistration(ctx, { redirect_uris: [`${(await ctx.clients.main()).redirectUri}#fragment`] }),
  },
  {
    ...REGISTRATION,
    id: 'register-script',
    title: 'A redirect URI that is a script is refused',
    section: 'section 5',
    mend: 'Accept https, http on loopback, and private-use schemes with a period; never javascript: or data:.',
    run: (ctx) => refusedRegistration(ctx, { redirect_uris: ['javascript:alert(1)'] }),
  },
  {
    ...REGISTRATION,
    id: 'register-http',
    title: 'A redirect URI that is http at another machine is refused',
    section: 'section 5; MCP 2026-07-28, Communication Security',
    mend: 'Accept http only for loopback redirect URIs: codes would travel in the clear.',
    run: (ctx) => refusedRegistration(ctx, { redirect_uris: ['http://app.example/callback'] }),
  },
  {
    ...REGISTRATION,
    id: 'register-no-json',
    title: 'What is no JSON is answered 400 with a JSON error',
    section: 'section 3.2.2',
    mend: 'Answer 400 with {"error": "invalid_client_metadata"}.',
    async run(ctx) {
      created(await register(ctx))
      const answer = await ctx.http.postJson(await ctx.endpoint('registration_endpoint'), '{"redirect_uris": [')
      return expectThat(
        answer.status === 400 && isJson(answer) && errorOf(answer) !== undefined,
        '400 with a JSON error',
        answer,
      )
    },
  },
  {
    id: 'register-cors',
    title: 'Clients in a browser can register',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Send Access-Control-Allow-Origin: * from the registration endpoint.',
    async run(ctx) {
      const [url, plain] = [await ctx.endpoint('registration_endpoint'), created(await register(ctx))]
      return alsoReadable(plain, await ctx.http.postJson(url, await ctx.clients.metadataOf(), { origin: ORIGIN }))
    },
  },
  {
    id: 'register-preflight',
    title: 'A preflight for the registration endpoint allows JSON',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Answer OPTIONS at the registration endpoint with 204, Access-Control-Allow-Origin: * and Access-Control-Allow-Headers: Content-Type: no script may send JSON without.',
    run: async (ctx) =>
      preflight(ctx.http, await ctx.endpoint('registration_endpoint'), { method: 'POST', headers: ['Content-Type'] }),
  },
]
