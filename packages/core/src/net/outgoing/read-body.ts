export interface PartOfBody {
  /** The first bytes, at most as many as asked for. */
  readonly bytes: Buffer<ArrayBuffer>
  /** False when the body has more bytes. */
  readonly complete: boolean
}

/** Reads a body up to `maxBytes` and then stops the source. */
export async function readUpTo(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<PartOfBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size > maxBytes) break
  }
  const bytes = Buffer.concat(chunks)
  return { bytes: bytes.subarray(0, maxBytes), complete: size <= maxBytes }
}
