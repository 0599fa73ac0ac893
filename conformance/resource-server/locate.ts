/**
 * Looks for the metadata of a resource, and of the authorization server that they name, where clients look, in their order.
 *
 * @see RFC 9728 section 3.1 and section 5.1
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { authorizationServerMetadataUrls, protectedResourceMetadataUrls } from '../../shared/well-known.ts'
import { type Answer, type Http, isHttpUrl } from '../core/http.ts'
import type { Members } from '../jose/jws.ts'

interface Looked {
  readonly from: 'header' | 'well-known'
  readonly answer: Answer
  /** What the document must name. */
  readonly resource: string
}

export interface FoundResource {
  /** Every document that was looked for, and what came. */
  readonly looked: readonly Looked[]
  readonly found?: Looked
}

/** The metadata of an authorization server; empty where there are none. */
export async function metadataOfServer(http: Http, issuer: string): Promise<Members> {
  for (const place of URL.canParse(issuer) ? authorizationServerMetadataUrls(issuer) : []) {
    const { json, status } = await http.get(place)
    if (status === 200 && typeof json['issuer'] === 'string') return json
  }
  return {}
}

/** In the order of clients: what the challenge names, then the well-known places. */
export async function locateResource(http: Http, url: string, challenged: Answer): Promise<FoundResource> {
  const named = parseChallenges(challenged.headers.get('www-authenticate')).find(
    ({ params }) => 'resource_metadata' in params,
  )
  const place = named?.params['resource_metadata']
  const places = [
    ...(place === undefined ? [] : [{ from: 'header', url: place, resource: url } as const]),
    ...protectedResourceMetadataUrls(url).map((one) => ({ from: 'well-known', ...one }) as const),
  ]
  const looked: Looked[] = []
  for (const { from, url: at, resource } of places) {
    if (!isHttpUrl(at)) continue
    const one = { from, answer: await http.get(at), resource }
    looked.push(one)
    if (one.answer.status === 200 && typeof one.answer.json['resource'] === 'string') return { looked, found: one }
  }
  return { looked }
}
