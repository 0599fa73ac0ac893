/**
 * Reads a stream to its end, or gives up when it is longer than allowed.
 *
 * @module
 */
import { joinBytes } from '../../shared/join-bytes.ts'

/** All bytes, or `null` once more than `limit` have arrived; the rest is not read then. */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (stream === null) return new Uint8Array()
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.byteLength
    if (length > limit) {
      // Not awaited: cancelling one branch of a cloned body waits for the other.
      reader.cancel().catch(() => {})
      return null
    }
    chunks.push(value)
  }
  return joinBytes(chunks, length)
}
