/**
 * Looks for the metadata of an authorization server where clients look, in their order.
 *
 * @module
 */
import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'
import type { Answer, Http } from '../core/http.ts'

export interface Found {
  /** Every answer, in the order of the questions. */
  readonly answers: readonly Answer[]
  /** The first one that holds metadata, by way of a redirect maybe. */
  readonly answer?: Answer
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly redirected: boolean
}

/** @throws {Trouble} where nobody answers at all */
export async function locateMetadata(http: Http, issuer: string): Promise<Found> {
  const answers: Answer[] = []
  for (const url of authorizationServerMetadataUrls(issuer)) {
    const first = await http.get(url)
    answers.push(first)
    const location = first.headers.get('location')
    const next = location === null ? null : URL.parse(location, url)
    // What cannot be reached behind a redirect is less to the point than the redirect.
    const answer = next === null ? first : await http.get(next.href).catch(() => first)
    if (answer.status === 200 && typeof answer.json['issuer'] === 'string') {
      return { answers, answer, metadata: answer.json, redirected: answer !== first }
    }
  }
  return { answers, redirected: false }
}
