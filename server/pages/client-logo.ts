/**
 * `GET /oauth/client-logo`: the picture of a client, as it was fetched, from here. Its kind was told by its bytes; nothing in it can run.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.8
 * @module
 */
import type { PagesContext } from './context.ts'
import { linkTo } from './links.ts'

/** Where it is. `hash` makes it another address once it changes. */
export const logoLink = (clientId: string, hash: string, ctx: Pick<PagesContext, 'base'>): string =>
  `${linkTo('clientLogo', ctx)}?${new URLSearchParams({ client_id: clientId, v: hash })}`

export async function clientLogo(request: Request, { store }: PagesContext): Promise<Response> {
  const { searchParams } = new URL(request.url)
  const logo = await store.clientDocuments.logo(searchParams.get('client_id') ?? '')
  if (logo === null || logo.hash !== searchParams.get('v')) return new Response(null, { status: 404 })
  return new Response(logo.bytes, {
    headers: {
      'content-type': logo.type,
      'cache-control': 'private, max-age=86400, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    },
  })
}
