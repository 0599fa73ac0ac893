/**
 * The metadata of a configured authorization server, found from its issuer.
 *
 * @see RFC 8414 section 3 and section 3.3: where it is, and the issuer that it must name
 * @module
 */
import * as v from 'valibot'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'
import { getJson, type Reach } from './get-json.ts'

/**
 * The document, or `null` when the server has none in any of the three places.
 *
 * @throws when a server cannot be asked, or its document is not one of `issuer`: both may pass, neither may be guessed around
 */
export async function discoverIssuer(issuer: string, reach: Reach): Promise<AuthorizationServerMetadata | null> {
  for (const url of authorizationServerMetadataUrls(issuer)) {
    const { status, body } = await getJson(reach, url)
    if (status >= 500 || status === 429) throw new Error(`the authorization server's metadata answered ${status}`)
    if (status !== 200) continue
    const metadata = v.parse(AuthorizationServerMetadata, body)
    if (metadata.issuer !== issuer) throw new Error('the authorization server names another issuer in its metadata')
    return metadata
  }
  return null
}
