/**
 * Reads a client's logo, which is then shown from here: whoever looks at the consent page is not seen by the client, and the picture
 * cannot change under their eyes. Without one the page is as good.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.8
 * @module
 */
import type { Outbound } from '../outbound.ts'
import type { Hash } from '../ports.ts'
import type { ClientLogo } from './client-document.ts'
import { rasterType } from './raster-image.ts'

const MAX_BYTES = 64 * 1024

/** Milliseconds: the person waits. */
const PATIENCE = 2000

export async function fetchLogo(
  url: string,
  { outbound, hash }: { readonly outbound: Outbound; readonly hash: Hash },
): Promise<ClientLogo | null> {
  const answer = await outbound.get(url, {
    accept: 'image/png, image/jpeg, image/webp, image/gif',
    maxBytes: MAX_BYTES,
    signal: AbortSignal.timeout(PATIENCE),
  })
  if (!answer.ok) return null
  const bytes = answer.value.body
  const type = rasterType(bytes)
  return type === null ? null : { hash: await hash(asText(bytes)), type, bytes }
}

/** One character for each byte. */
const asText = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)
