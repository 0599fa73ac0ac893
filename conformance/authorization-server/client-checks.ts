/**
 * How clients prove who they are: with a secret, in the header or the form, in one way at a time.
 *
 * @see RFC 6749 section 2.3 and section 5.2
 * @module
 */
import { expectThat, skip } from '../core/check.ts'
import { backed, isAlike } from '../core/controls.ts'
import type { Answer } from '../core/http.ts'
import { type Client, type ClientMethod, type Credentials, credentialsOf } from './clients.ts'
import type { AsContext } from './context.ts'
import { type AsCheck, errorOf, refused, UNKNOWN_CODE } from './judge.ts'

const CLIENT = { spec: 'RFC 6749', level: 'must' } as const

/** A request that fails for nothing but its code, if the client is accepted. */
async function knock(ctx: AsContext, { form, headers }: Credentials): Promise<Answer> {
  const url = await ctx.endpoint('token_endpoint')
  return ctx.http.postForm(url, { ...UNKNOWN_CODE, ...form }, headers)
}

async function accepted(ctx: AsContext, method: ClientMethod) {
  const client = await ctx.clients.confidential(method)
  const answer = await knock(ctx, client.credentials)
  const expected = 'the client accepted, and the made-up code refused with "invalid_grant"'
  return backed(expectThat(errorOf(answer) === 'invalid_grant', expected, answer), discernsSecrets(ctx, client))
}

/** A right secret gets another answer than a wrong one. */
const discernsSecrets = (ctx: AsContext, client: Client) => ({
  async needed() {
    const answer = await knock(ctx, client.credentials)
    if (isAlike(answer, await knock(ctx, wrongSecret(client))))
      skip(`a right secret is answered like a wrong one: ${answer.summary}`)
  },
})

/** As it should be done, it is not answered in this way. */
const acceptsSecret = (ctx: AsContext, { credentials }: Client, refusal: Answer) => ({
  async needed() {
    if (isAlike(refusal, await knock(ctx, credentials)))
      skip(`a client that is right is answered alike: ${refusal.summary}`)
  },
})

const wrongSecret = ({ id, method }: Client): Credentials => credentialsOf(id, 'conformance-wrong-secret', method)

export const CLIENT_CHECKS: readonly AsCheck[] = [
  {
    ...CLIENT,
    id: 'client-basic',
    title: 'A client with a secret may show it in the header (client_secret_basic)',
    section: 'section 2.3.1',
    mend: 'Decode both halves of the Basic credentials as forms encode them before comparing.',
    run: (ctx) => accepted(ctx, 'client_secret_basic'),
  },
  {
    ...CLIENT,
    id: 'client-post',
    title: 'A client with a secret may show it in the form (client_secret_post), where that is listed',
    section: 'section 2.3.1',
    mend: 'Accept client_secret in the form, or do not list client_secret_post.',
    run: (ctx) => accepted(ctx, 'client_secret_post'),
  },
  {
    ...CLIENT,
    id: 'client-wrong-secret',
    title: 'A wrong secret is refused with invalid_client',
    section: 'section 5.2',
    mend: 'Compare the secret, in constant time, before anything else happens.',
    async run(ctx) {
      const client = await ctx.clients.confidential()
      return backed(refused(await knock(ctx, wrongSecret(client)), 'invalid_client'), discernsSecrets(ctx, client))
    },
  },
  {
    ...CLIENT,
    id: 'client-challenge',
    title: 'Wrong Basic credentials are answered 401 with a challenge',
    section: 'section 5.2',
    mend: 'Answer 401 with WWW-Authenticate: Basic when the client used the Authorization header.',
    async run(ctx) {
      const client = await ctx.clients.confidential('client_secret_basic')
      const answer = await knock(ctx, wrongSecret(client))
      if (errorOf(answer) !== 'invalid_client') return skip('a wrong secret is not refused as one')
      const challenge = answer.headers.get('www-authenticate') ?? ''
      const told = `${answer.status}, WWW-Authenticate: ${challenge || 'none'}`
      const right = answer.status === 401 && /^basic\b/i.test(challenge)
      return backed(expectThat(right, '401 with WWW-Authenticate: Basic', answer, told), discernsSecrets(ctx, client))
    },
  },
  {
    ...CLIENT,
    id: 'client-no-secret',
    title: 'A client that has a secret is refused without it',
    section: 'section 3.2.1',
    mend: 'Remember how each client authenticates, and accept nothing less.',
    async run(ctx) {
      const client = await ctx.clients.confidential()
      const answer = await knock(ctx, credentialsOf(client.id, undefined, 'none'))
      const verdict = refused(answer, 'invalid_client', 'invalid_request', 'unauthorized_client')
      return backed(verdict, acceptsSecret(ctx, client, answer))
    },
  },
  {
    ...CLIENT,
    id: 'client-two-methods',
    title: 'Two ways to authenticate in one request are refused',
    section: 'section 2.3',
    mend: 'Refuse requests with both an Authorization header and a client_secret.',
    async run(ctx) {
      const client = await ctx.clients.confidential()
      const { headers } = credentialsOf(client.id, client.secret, 'client_secret_basic')
      const { form } = credentialsOf(client.id, client.secret, 'client_secret_post')
      const answer = await knock(ctx, { headers, form })
      return backed(refused(answer, 'invalid_request', 'invalid_client'), acceptsSecret(ctx, client, answer))
    },
  },
  {
    ...CLIENT,
    id: 'client-unknown',
    title: 'A client that is not registered is refused with invalid_client',
    section: 'section 5.2',
    mend: 'Answer 400 or 401 with "error": "invalid_client": hosts then register anew instead of giving up.',
    async run(ctx) {
      const answer = await knock(ctx, credentialsOf('conformance-nobody', undefined, 'none'))
      const known = { needed: async () => acceptsSecret(ctx, await ctx.clients.main(), answer).needed() }
      return backed(refused(answer, 'invalid_client'), known)
    },
  },
  {
    ...CLIENT,
    id: 'client-credentials-public',
    title: 'A client without a secret gets no token of its own (client_credentials)',
    section: 'section 4.4',
    mend: 'Allow the grant client_credentials to confidential clients only.',
    async run(ctx) {
      const { credentials } = await ctx.clients.other()
      const form = { ...credentials.form, grant_type: 'client_credentials', ...(await ctx.wanted()) }
      const answer = await ctx.http.postForm(await ctx.endpoint('token_endpoint'), form)
      const errors = ['unauthorized_client', 'invalid_client', 'unsupported_grant_type', 'invalid_request']
      return backed(refused(answer, ...errors), ctx.discerns)
    },
  },
]
