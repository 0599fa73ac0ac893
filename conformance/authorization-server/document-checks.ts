/**
 * Clients whose id is the URL of a document about them. What must be refused by the looks of the URL needs no document; for the rest
 * one is published where the server can read it.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 3, 4, 5 and 8.6
 * @module
 */
import { type Check, pass, problem, skip, type Verdict } from '../core/check.ts'
import { type Client, createClient } from './clients.ts'
import { type AsContext, whyNoCode } from './context.ts'
import { type AsCheck, refusedOnPage } from './judge.ts'

const DOCUMENTS = { spec: 'draft-ietf-oauth-client-id-metadata-document-02', level: 'must' } as const

/** Skips unless the server says that it reads documents. */
async function supported(ctx: AsContext): Promise<void> {
  const said = (await ctx.metadata())['client_id_metadata_document_supported'] === true
  if (!said) skip('the metadata do not say that client ids may be URLs of documents')
}

async function refusedId(ctx: AsContext, clientId: string): Promise<Verdict> {
  await supported(ctx)
  return refusedOnPage(await ctx.tryAuthorize({ client_id: clientId }), `the client id ${clientId}`)
}

type Document = Readonly<Record<string, unknown>>

const documentAt = (url: string, redirectUri: string): Document => ({
  client_id: url,
  client_name: 'Conformance check',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
})

/** Publishes a document, differing from a right one by `change`; the client that it makes. */
async function publish(
  ctx: AsContext,
  name: string,
  change: (right: Document) => unknown = (right) => right,
  redirectTo?: string,
): Promise<Client> {
  await supported(ctx)
  const { documents, redirectUri } = ctx.options
  if (documents === undefined) skip('there is no place where the server could read a document of ours')
  const url = await documents.publish(`/${name}.json`, (at) => change(documentAt(at, redirectUri)), redirectTo)
  return createClient(url, undefined, 'none', redirectUri)
}

/** Refused where a right document is accepted. */
async function refusedDocument(
  ctx: AsContext,
  ...published: [name: string, change: (right: Document) => unknown, redirectTo?: string]
) {
  const right = await ctx.tryAuthorize({}, await publish(ctx, 'right'))
  if (right.kind !== 'callback' || !right.url.searchParams.has('code')) return skip('no document is accepted')
  const client = await publish(ctx, ...published)
  const landing = await ctx.tryAuthorize({}, client)
  if (landing.kind === 'callback' && !landing.url.searchParams.has('code')) return pass('refused at the redirect URI')
  return refusedOnPage(landing, 'such a document')
}

const byUrl = (id: string, title: string, section: string, clientId: string): Check<AsContext> => ({
  ...DOCUMENTS,
  id,
  title,
  section,
  mend: 'Refuse the client id before anything is fetched.',
  run: (ctx) => refusedId(ctx, clientId),
})

export const DOCUMENT_CHECKS: readonly AsCheck[] = [
  byUrl('document-http', 'A client id that is an http URL is refused', 'section 3', 'http://app.example/client.json'),
  byUrl(
    'document-fragment',
    'A client id with a fragment is refused',
    'section 3',
    'https://app.example/client.json#x',
  ),
  byUrl(
    'document-user',
    'A client id with user name and password is refused',
    'section 3',
    'https://user:password@app.example/client.json',
  ),
  byUrl(
    'document-dots',
    'A client id with dot segments is refused',
    'section 3',
    'https://app.example/a/../client.json',
  ),
  byUrl('document-no-path', 'A client id without a path is refused', 'section 3', 'https://app.example'),
  byUrl(
    'document-private-address',
    'A client id at an address of a private network is refused',
    'section 8.6',
    'https://10.0.0.1/client.json',
  ),
  {
    ...DOCUMENTS,
    id: 'document',
    title: 'A client that publishes a right document is let in',
    section: 'section 4',
    mend: 'Fetch the document at the client id, follow nothing, and use its redirect_uris.',
    async run(ctx) {
      const client = await publish(ctx, 'right')
      const landing = await ctx.authorize({}, client)
      if (landing.kind === 'refused' && client.id.startsWith('http:'))
        return skip('the server reads no documents over http, and here is no other place')
      if (landing.kind === 'page') return pass('a person is asked')
      if (landing.kind === 'callback' && landing.url.searchParams.has('code')) return pass()
      await ctx.code()
      return problem('a redirect with a code', landing.answer ?? whyNoCode(landing))
    },
  },
  {
    ...DOCUMENTS,
    id: 'document-other-id',
    title: 'A document that names another client id is refused',
    section: 'section 4.1',
    mend: 'Compare client_id in the document with the URL, byte for byte.',
    run: (ctx) =>
      refusedDocument(ctx, 'other-id', (right) => ({ ...right, client_id: 'https://app.example/client.json' })),
  },
  {
    ...DOCUMENTS,
    id: 'document-other-redirect',
    title: 'A redirect URI that is not in the document is refused',
    section: 'section 4.2',
    mend: 'Compare redirect_uri with those of the document, as with any client.',
    run: (ctx) =>
      refusedDocument(ctx, 'other-redirect', (right) => ({
        ...right,
        redirect_uris: ['https://app.example/callback'],
      })),
  },
  {
    ...DOCUMENTS,
    id: 'document-secret',
    title: 'A document with a client secret is refused',
    section: 'section 4.1',
    mend: 'Refuse documents with client_secret or a method that needs one: everybody can read them.',
    run: (ctx) =>
      refusedDocument(ctx, 'secret', (right) => ({
        ...right,
        client_secret: 'everybody-can-read-this',
        token_endpoint_auth_method: 'client_secret_basic',
      })),
  },
  {
    ...DOCUMENTS,
    id: 'document-redirect',
    title: 'A document that is somewhere else is not followed there',
    section: 'section 5',
    mend: 'Treat a redirect as a failure.',
    async run(ctx) {
      const { id } = await publish(ctx, 'right')
      return refusedDocument(ctx, 'moved', (right) => right, id)
    },
  },
]
