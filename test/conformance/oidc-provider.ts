/**
 * node-oidc-provider behind a socket of this machine, with everything switched on that the checks look at. It signs everybody in and
 * agrees for them.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Provider } from 'oidc-provider'
import type { DocumentHost } from '../../conformance/index.ts'
import { oidcProviderOptions } from '../support/oidc-provider-options.ts'
import { createDocuments, type Documents } from './documents.ts'

export interface ListeningProvider {
  readonly issuer: string
  readonly resource: string
  readonly introspector: { readonly id: string; readonly secret: string }
  readonly documents: DocumentHost
  close(): void
}

/** Whether proofs must have nonces. */
type Nonces = 'none' | 'required'

/** It says on the console which of its defaults are meant for development. Here all of them are. */
for (const level of ['info', 'warn'] as const) {
  const print = console[level]
  console[level] = (...words: unknown[]) => {
    if (!String(words[0]).startsWith('oidc-provider')) print(...words)
  }
}

const RESOURCE = 'https://notes.example/mcp'
const INTROSPECTOR = { id: 'conformance-introspector', secret: 'conformance-introspector-secret' }

export async function listenOidcProvider(nonces: Nonces = 'none'): Promise<ListeningProvider> {
  let handle = (_: IncomingMessage, response: ServerResponse): void => void response.end()
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const documents = createDocuments()
  const provider = new Provider(issuer, await configuration(nonces, documents))
  handle = serveWithConsent(provider)
  // It checks addresses when it connects, which it does not do here.
  const { publishPrivately: _, ...host } = documents.host
  return {
    issuer,
    resource: RESOURCE,
    introspector: INTROSPECTOR,
    documents: host,
    close: () => void server.close(),
  }
}

const configuration = (nonces: Nonces, documents: Documents): Promise<object> =>
  oidcProviderOptions(
    {
      resource: RESOURCE,
      features: {
        dPoP: nonces === 'required' ? { nonceSecret: Buffer.alloc(32), requireNonce: () => true } : true,
        registration: true,
        revocation: true,
        introspection: true,
        clientCredentials: true,
        clientIdMetadataDocument: { ack: 'draft-02' },
      },
    },
    {
      fetch: async (url: string | URL) => answerOf(documents, String(url)),
      clients: [
        {
          client_id: INTROSPECTOR.id,
          client_secret: INTROSPECTOR.secret,
          grant_types: [],
          response_types: [],
          redirect_uris: [],
        },
      ],
      clientBasedCORS: () => true,
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    },
  )

function answerOf(documents: Documents, url: string): Response {
  const found = documents.read(url)
  if (found === undefined) return new Response('Not found', { status: 404 })
  if ('location' in found) return Response.redirect(found.location, 302)
  return new Response(found.body, { headers: { 'content-type': 'application/json' } })
}

const serveWithConsent = (provider: Provider) => {
  const rest = provider.callback()
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url?.startsWith('/interaction/') === true) void agree(provider, request, response)
    else rest(request, response)
  }
}

async function agree(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: 'ada' } })
    return
  }
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const grant = existing ?? new provider.Grant({ accountId: session?.accountId ?? 'ada', clientId: params.client_id })
  grant.addOIDCScope('openid offline_access')
  grant.addResourceScope(RESOURCE, 'notes:read')
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}
