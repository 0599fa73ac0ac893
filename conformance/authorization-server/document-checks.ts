/**
 * Clients whose id is the URL of a document about them. Every check publishes one where the server can read it, and begins with a right
 * one that is accepted: a server that can read none would refuse all of them.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 3, 4, 5 and 8.6
 * @module
 */
import { pass, problem, skip, type Verdict } from '../core/check.ts'
import { type Client, createClient } from './clients.ts'
import { type AsContext, whyNoCode } from './context.ts'
import { type AsCheck, refusedOnPage } from './judge.ts'
import type { DocumentHost } from './options.ts'

const DOCUMENTS = { spec: 'draft-ietf-oauth-client-id-metadata-document-02', level: 'must' } as const

type Document = Readonly<Record<string, unknown>>
type Change = (right: Document) => unknown

const unchanged: Change = (right) => right

const documentAt = (url: string, redirectUri: string): Document => ({
  client_id: url,
  client_name: 'Conformance check',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
})

/** Where documents can be published. Skips unless the server says that it reads them. */
async function hostOf(ctx: AsContext): Promise<DocumentHost> {
  const said = (await ctx.metadata())['client_id_metadata_document_supported'] === true
  if (!said) skip('the metadata do not say that client ids may be URLs of documents')
  return ctx.options.documents ?? skip('there is no place where the server could read a document of ours')
}

/** Puts a document somewhere, differing from a right one by `change`. Returns its URL. */
type Publish = (path: string, document: (url: string) => unknown) => Promise<string>

interface Made {
  readonly path: string
  /** How the client id is written, where it is not the URL as it is. */
  readonly spell?: (url: string) => string
  readonly change?: Change
}

async function publish(
  ctx: AsContext,
  where: Publish,
  { path, spell = (url) => url, change = unchanged }: Made,
): Promise<Client> {
  const { redirectUri } = ctx.options
  const url = await where(path, (at) => change(documentAt(spell(at), redirectUri)))
  return createClient(spell(url), undefined, 'none', redirectUri)
}

/** Refused where a right document is accepted. */
async function refusedDocument(ctx: AsContext, made: Made, where?: Publish): Promise<Verdict> {
  const host = await hostOf(ctx)
  const right = await ctx.tryAuthorize({}, await publish(ctx, host.publish, { path: '/right.json' }))
  if (right.kind !== 'callback' || !right.url.searchParams.has('code')) return skip('no document is accepted')
  const client = await publish(ctx, where ?? host.publish, made)
  // Whose client is unknown has no redirect URI, either: it is made up like the rest.
  return refusedOnPage(await ctx.tryAuthorize({}, client), `the client id ${client.id}`)
}

const misspelled = (id: string, title: string, path: string, spell: (url: string) => string): AsCheck => ({
  ...DOCUMENTS,
  id,
  title,
  section: 'section 3',
  mend: 'Refuse the client id before anything is fetched, although a right document stands there.',
  run: (ctx) => refusedDocument(ctx, { path, spell }),
})

const changed = (id: string, title: string, section: string, mend: string, change: Change): AsCheck => ({
  ...DOCUMENTS,
  id,
  title,
  section,
  mend,
  run: (ctx) => refusedDocument(ctx, { path: `/${id.replace('document-', '')}.json`, change }),
})

export const DOCUMENT_CHECKS: readonly AsCheck[] = [
  {
    ...DOCUMENTS,
    id: 'document',
    title: 'A client that publishes a right document is let in',
    section: 'section 4',
    mend: 'Fetch the document at the client id, follow nothing, and use its redirect_uris.',
    async run(ctx) {
      const { publish: where, wasAsked } = await hostOf(ctx)
      const client = await publish(ctx, where, { path: '/right.json' })
      const landing = await ctx.authorize({}, client)
      // Whether the document was read before, nobody can say.
      if (landing.kind === 'page') return skip(whyNoCode(landing))
      if (landing.kind === 'callback' && landing.url.searchParams.has('code')) return pass()
      if (client.id.startsWith('http:') && wasAsked?.('/right.json') === false)
        return skip('the server reads no documents over http, and here is no other place')
      await ctx.code()
      return problem('a redirect with a code', landing.answer ?? whyNoCode(landing))
    },
  },
  {
    ...DOCUMENTS,
    id: 'document-http',
    title: 'A client id that is an http URL is refused',
    section: 'section 3',
    mend: 'Refuse the client id before anything is fetched.',
    async run(ctx) {
      const { publishInsecurely } = await hostOf(ctx)
      if (publishInsecurely === undefined) return skip('there is no http place outside this machine to publish at')
      return refusedDocument(ctx, { path: '/insecure.json' }, publishInsecurely)
    },
  },
  misspelled('document-fragment', 'A client id with a fragment is refused', '/fragment.json', (url) => `${url}#x`),
  misspelled('document-user', 'A client id with user name and password is refused', '/user.json', (url) =>
    url.replace('://', '://user:password@'),
  ),
  misspelled('document-dots', 'A client id with dot segments is refused', '/dots.json', (url) =>
    url.replace('/dots.json', '/a/../dots.json'),
  ),
  misspelled('document-no-path', 'A client id without a path is refused', '/', (url) => url.replace(/\/$/, '')),
  {
    ...DOCUMENTS,
    id: 'document-private-address',
    title: 'A client id at an address of a private network is refused',
    section: 'section 8.6',
    mend: 'Resolve the name first, refuse special-use addresses (RFC 6890), and connect to the address that was checked.',
    async run(ctx) {
      const { publishPrivately } = await hostOf(ctx)
      if (publishPrivately === undefined)
        return skip('what the server could read inside its own network cannot be seen from here')
      return refusedDocument(ctx, { path: '/private.json' }, publishPrivately)
    },
  },
  changed(
    'document-other-id',
    'A document that names another client id is refused',
    'section 4.1',
    'Compare client_id in the document with the URL, byte for byte.',
    (right) => ({ ...right, client_id: 'https://app.example/client.json' }),
  ),
  changed(
    'document-other-redirect',
    'A redirect URI that is not in the document is refused',
    'section 4.2',
    'Compare redirect_uri with those of the document, as with any client.',
    (right) => ({ ...right, redirect_uris: ['https://app.example/callback'] }),
  ),
  changed(
    'document-secret',
    'A document with a client secret is refused',
    'section 4.1',
    'Refuse documents with client_secret or a method that needs one: everybody can read them.',
    (right) => ({
      ...right,
      client_secret: 'everybody-can-read-this',
      token_endpoint_auth_method: 'client_secret_basic',
    }),
  ),
  {
    ...DOCUMENTS,
    id: 'document-redirect',
    title: 'A document that is somewhere else is not followed there',
    section: 'section 5',
    mend: 'Treat a redirect as a failure.',
    async run(ctx) {
      const { publishRedirect } = await hostOf(ctx)
      if (publishRedirect === undefined) return skip('no redirect can be published there')
      return refusedDocument(ctx, { path: '/moved.json' }, (path, document) =>
        publishRedirect(path, '/target.json', document),
      )
    },
  },
]
