/** A text message as one unmasked, unfragmented WebSocket frame (RFC 6455 §5.2). */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = 0x81 // FIN, opcode text
  if (headerLength === 2) {
    frame[1] = length
  } else if (headerLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2)
    frame.writeUInt32BE(length % 0x1_0000_0000, 6)
  }
  // One byte per character means ASCII, which latin1 writes with a plain copy.
  frame.write(text, headerLength, length === text.length ? 'latin1' : 'utf8')
  return frame
}

/** A ping without payload. */
export const pingFrame = Buffer.from([0x89, 0x00])

/** The answer to a ping (RFC 6455 §5.5.3). */
export function pongFrame(payload: Buffer): Buffer {
  return controlFrame(0x8a, payload)
}

/** A close frame; without a code for 1005, which is never sent. */
export function closeFrame(code: number, reason: Buffer | string): Buffer {
  if (code === 1005) return controlFrame(0x88, Buffer.alloc(0))
  return controlFrame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]))
}

/** @param payload at most 125 bytes */
function controlFrame(first: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([first, payload.length]), payload])
}
