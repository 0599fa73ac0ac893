/**
 * What kind of picture some bytes are, by how they begin. What they were sent as says nothing, and only pictures without scripts and
 * links count: no SVG.
 *
 * @see WHATWG MIME Sniffing section 6.1: image types
 * @module
 */
import type { RasterType } from './client-document.ts'

const SIGNATURES: readonly (readonly [type: RasterType, ...starts: string[]])[] = [
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF87a', 'GIF89a'],
]

/** Null: none that may be shown. */
export function rasterType(bytes: Uint8Array): RasterType | null {
  const start = String.fromCharCode(...bytes.subarray(0, 14))
  // The four characters between are a length.
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBPVP') return 'image/webp'
  const found = SIGNATURES.find(([, ...starts]) => starts.some((signature) => start.startsWith(signature)))
  return found?.[0] ?? null
}
