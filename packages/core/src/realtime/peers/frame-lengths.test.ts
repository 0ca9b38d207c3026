import { expect, test } from 'vitest'
import { FrameLengths } from './frame-lengths.ts'

/** Returns a masked text frame with `lengthBytes` bytes of extended length. */
function frame(length: number, lengthBytes: 0 | 2 | 8): Buffer {
  const head = Buffer.alloc(2 + lengthBytes)
  head[0] = 0x81
  head[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) head.writeUInt16BE(length, 2)
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, Buffer.alloc(4 + length, 0x7f)])
}

const minimal = [frame(0, 0), frame(125, 0), frame(126, 2), frame(65_535, 2), frame(65_536, 8), frame(5, 0)]

test.each([1, 2, 3, 7, 64, 1_000_000])('R20: accepts minimal lengths in chunks of %i bytes', (size) => {
  const bytes = Buffer.concat(minimal)
  const lengths = new FrameLengths()
  for (let at = 0; at < bytes.length; at += size) {
    expect(lengths.areMinimal(bytes.subarray(at, at + size))).toBe(true)
  }
})

test.each([
  [0, 2],
  [125, 2],
  [5, 8],
  [65_535, 8],
] as const)('R20: rejects the length %i in %i bytes, wherever the bytes are cut', (length, lengthBytes) => {
  const bytes = Buffer.concat([...minimal.slice(0, 3), frame(length, lengthBytes)])
  for (const size of [1, 3, bytes.length]) {
    const lengths = new FrameLengths()
    const answers = []
    for (let at = 0; at < bytes.length; at += size) answers.push(lengths.areMinimal(bytes.subarray(at, at + size)))
    expect(answers).toContain(false)
  }
})
