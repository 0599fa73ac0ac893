/**
 * Bodies, read up to a limit.
 *
 * @module
 */
import { orAborted } from '../stores/mutex.ts'

/** All of a body; `undefined` where it is larger than `most` bytes. Whatever happens, nothing of it is left open. */
export async function readBounded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
  signal: AbortSignal,
): Promise<Blob | undefined> {
  const reader = body.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await orAborted(reader.read(), signal)
      if (done) return new Blob(chunks)
      size += value.byteLength
      if (size > most) return undefined
      chunks.push(value)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
