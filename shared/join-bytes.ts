/**
 * The chunks of a body as one.
 *
 * @module
 */

/** `length`: of all chunks together, which whoever bounds a body has counted. */
export function joinBytes(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
