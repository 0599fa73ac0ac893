/**
 * node-oidc-provider with every grant that our client knows, and a resource that believes its tokens, on sockets of this machine.
 *
 * @module
 */
import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose'
import { Provider } from 'oidc-provider'
import { createBrowser, formFields } from './authorization-server.ts'
import { oidcProviderOptions } from './oidc-provider-options.ts'
import { freePort } from './spawn.ts'

export interface ForeignGrants {
  readonly issuer: string
  readonly resource: string
  /** A client that the provider knows by a key. */
  readonly agentKey: JWK
  /** What the provider was asked: the grants, in order. */
  readonly grants: string[]
  /** A person with a browser of their own, from an authorization URL to the callback. */
  visit(url: string): Promise<string>
  /** A person on another device, at the page for codes. */
  enter(url: string): Promise<void>
  close(): void
}

const SCOPES = 'notes:read notes:write'

export async function startForeignGrants(): Promise<ForeignGrants> {
  const issuer = `http://127.0.0.1:${freePort()}`
  const port = freePort()
  const resource = `http://127.0.0.1:${port}/mcp`
  const agent = await generateKeyPair('ES256', { extractable: true })
  const agentKey = { ...(await exportJWK(agent.privateKey)), kid: 'agent' }
  const grants: string[] = []
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`

  const protect = async (request: Request): Promise<Response> => {
    const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? ''
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' })
      return Response.json({ sub: payload.sub, client: payload['client_id'], scope: payload['scope'] })
    } catch {
      const challenge = `Bearer scope="notes:read", resource_metadata="${metadata}"`
      return new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })
    }
  }
  const listener = Bun.serve({
    port,
    hostname: '127.0.0.1',
    fetch: (request) =>
      request.url === metadata ? Response.json({ resource, authorization_servers: [issuer] }) : protect(request),
  })
  const provider = await createProvider(issuer, resource, { ...(await exportJWK(agent.publicKey)), kid: 'agent' })
  const granted = (context: unknown): void => void grants.push(at(context, 'oidc', 'params', 'grant_type'))
  Reflect.apply(Reflect.get(provider, 'on'), provider, ['grant.success', granted])
  const server: unknown = provider.listen(Number(new URL(issuer).port), '127.0.0.1')
  return {
    issuer,
    resource,
    agentKey,
    grants,
    visit: (url) => signIn(createBrowser({ fetch }), issuer, url),
    enter: (url) => enterCode(issuer, url),
    close() {
      listener.stop(true)
      Reflect.apply(Reflect.get(Object(server), 'close'), server, [])
    },
  }
}

/** A member of what ships no types. */
const at = (value: unknown, ...names: readonly string[]): string =>
  String(names.reduce<unknown>((inner, name) => Reflect.get(Object(inner), name), value))

async function createProvider(issuer: string, resource: string, agentKey: JWK): Promise<Provider> {
  const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
  const features = {
    devInteractions: true,
    registration: true,
    revocation: true,
    clientCredentials: true,
    deviceFlow: true,
  } as const
  const clients = [
    {
      ...machine,
      client_id: 'agent-with-key',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [agentKey] },
    },
    { ...machine, client_id: 'agent:with secret', client_secret: 'a%b+c d' },
    {
      ...machine,
      client_id: 'agent-that-posts',
      client_secret: 's',
      token_endpoint_auth_method: 'client_secret_post',
    },
  ]
  const clientAuthMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
  const own = { clients, clientAuthMethods }
  return new Provider(issuer, await oidcProviderOptions({ resource, scope: SCOPES, features }, own))
}

type Browser = ReturnType<typeof createBrowser>

async function go(browser: Browser, issuer: string, to: string, form?: Record<string, string>): Promise<Response> {
  const body = form && new URLSearchParams(form)
  return browser.fetch(new URL(to, issuer).href, body ? { method: 'POST', body } : {})
}

/** From an authorization URL to wherever the provider sends the browser in the end. */
async function signIn(browser: Browser, issuer: string, url: string): Promise<string> {
  return answerPages(browser, issuer, await located(go(browser, issuer, url)))
}

/** The pages that ask who it is and whether they agree. */
async function answerPages(browser: Browser, issuer: string, first: string): Promise<string> {
  let at = first
  for (const form of [{ prompt: 'login', login: 'ada', password: 'x' }, { prompt: 'consent' }]) {
    const resume = await located(go(browser, issuer, at, form))
    at = (await go(browser, issuer, resume)).headers.get('location') ?? resume
  }
  return at
}

async function located(answer: Promise<Response>): Promise<string> {
  const { status, headers } = await answer
  const location = headers.get('location')
  if (location === null) throw new Error(`the browser is stuck at a page with status ${status}`)
  return location
}

async function enterCode(issuer: string, url: string): Promise<void> {
  const browser = createBrowser({ fetch })
  const first = formFields(await (await go(browser, issuer, url)).text())
  const asked = await (await go(browser, issuer, '/device', first)).text()
  const confirmed = await go(browser, issuer, '/device', { ...formFields(asked), confirm: 'yes' })
  const location = confirmed.headers.get('location')
  if (location === null) throw new Error(`the code was not taken: ${confirmed.status}`)
  await answerPages(browser, issuer, location)
}
