import type { Writable } from 'node:stream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import * as ws from 'ws'
import { FrameReader } from './frame-reader.ts'

/** What a reader found: messages, control frames, and the code of a broken rule at the end. */
type Found = readonly [kind: string, ...details: unknown[]]

const maxBytes = 300

/** Missing from the type definitions of `ws`. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

function ours(chunks: readonly Buffer[]): Found[] {
  const found: Found[] = []
  const reader = new FrameReader(maxBytes)
  for (const chunk of chunks) {
    const code = reader.read(Buffer.from(chunk), {
      onMessage: (data, binary) => found.push(['message', data.toString('hex'), binary]),
      onPing: (data) => found.push(['ping', data.toString('hex')]),
      onPong: () => found.push(['pong']),
      onClose: (closeCode, reason) => found.push(['close', closeCode, reason.toString('hex')]),
    })
    if (code !== null) return [...found, ['broken', code.code]]
  }
  return found
}

/** The same by the receiver of `ws`. */
function theirs(chunks: readonly Buffer[]): Found[] {
  const found: Found[] = []
  const receiver = new Receiver({ isServer: true, maxPayload: maxBytes })
  receiver.on('message', (data: Buffer, binary: boolean) => found.push(['message', data.toString('hex'), binary]))
  receiver.on('ping', (data: Buffer) => found.push(['ping', data.toString('hex')]))
  receiver.on('pong', () => found.push(['pong']))
  receiver.on('conclude', (code: number, reason: Buffer) => found.push(['close', code, reason.toString('hex')]))
  receiver.on('error', () => undefined)
  for (const chunk of chunks) {
    if (receiver.writableEnded) break
    let error: object | null = null
    receiver._write(Buffer.from(chunk), 'utf8', (cause) => (error = cause ?? null))
    if (error) return [...found, ['broken', codeOf(error)]]
  }
  return found
}

/** `ws` names the close code of an error by a symbol. */
function codeOf(error: object): unknown {
  const [symbol] = Object.getOwnPropertySymbols(error)
  return symbol === undefined ? null : Reflect.get(error, symbol)
}

interface Frame {
  readonly first: number
  readonly masked: boolean
  readonly payload: Buffer
  /** Bytes of extended length; null for as few as possible. */
  readonly lengthBytes: 2 | 8 | null
}

function bytesOf({ first, masked, payload, lengthBytes }: Frame): Buffer {
  const { length } = payload
  const extended = lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8)
  const head = Buffer.alloc(2 + extended)
  head[0] = first
  head[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  if (!masked) return Buffer.concat([head, payload])
  const mask = Buffer.from([7, 0x55, 0, 0xf1])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => Buffer.from(value))
const payload = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.uint8Array({ maxLength: 150 }).map((value) => Buffer.from(value)),
  fc.constant(Buffer.alloc(200, 0x61)),
)
const closing = fc
  .tuple(fc.constantFrom(999, 1000, 1004, 1005, 1006, 1014, 1015, 2999, 3000, 4999, 5000), payload)
  .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 255]), reason.subarray(0, 100)]))
const valid = fc
  .tuple(fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a), payload)
  .map(([first, data]) => ({
    first,
    masked: true,
    payload: first >= 0x88 ? data.subarray(0, 126) : data,
    lengthBytes: null,
  }))
const frame: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 20, arbitrary: valid },
  { weight: 2, arbitrary: closing.map((data) => ({ first: 0x88, masked: true, payload: data, lengthBytes: null })) },
  fc.record({
    first: fc.integer({ min: 0, max: 255 }),
    masked: fc.boolean(),
    payload,
    lengthBytes: fc.constant(null),
  }),
)

test('finds in any frames, however they are cut, what the receiver of ws finds', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 4 }),
      (frames, sizes) => {
        const chunks = chunksOf(Buffer.concat(frames.map(bytesOf)), sizes)
        expect(ours(chunks)).toEqual(theirs(chunks))
      },
    ),
    { numRuns: 3_000 },
  )
})

const text5: Frame = { first: 0x81, masked: true, payload: Buffer.from('hello'), lengthBytes: null }

test.each([1, 2, 3, 7, 64, 1_000_000])('R20: accepts the shortest lengths in chunks of %i bytes', (size) => {
  const lengths = [0, 125, 126, 65_535, 65_536]
  const frames = lengths.map((length) => ({ ...text5, payload: Buffer.alloc(length, 0x61) }))
  const reader = new FrameReader(100_000)
  const read: number[] = []
  const sink = {
    onMessage: (data: Buffer) => void read.push(data.length),
    onPing: () => undefined,
    onPong: () => undefined,
    onClose: () => undefined,
  }
  for (const chunk of chunksOf(Buffer.concat(frames.map(bytesOf)), [size])) expect(reader.read(chunk, sink)).toBeNull()
  expect(read).toEqual(lengths)
  expect(reader.idle).toBe(true)
})

test.each([
  [0, 2],
  [125, 2],
  [5, 8],
  [250, 8],
] as const)('R20: rejects the length %i in %i bytes, wherever the bytes are cut', (length, lengthBytes) => {
  const bytes = Buffer.concat([text5, { ...text5, payload: Buffer.alloc(length, 0x61), lengthBytes }].map(bytesOf))
  for (const size of [1, 3, bytes.length]) {
    expect(ours(chunksOf(bytes, [size]))).toEqual([
      ['message', Buffer.from('hello').toString('hex'), false],
      ['broken', 1002],
    ])
  }
})

test('is idle only between messages', () => {
  const sink = {
    onMessage: () => undefined,
    onPing: () => undefined,
    onPong: () => undefined,
    onClose: () => undefined,
  }
  const part = { ...text5, first: 0x01 }
  const cases: [idle: boolean, bytes: Buffer][] = [
    [true, Buffer.alloc(0)],
    [true, bytesOf(text5)],
    [false, bytesOf(text5).subarray(0, 1)],
    [false, bytesOf(text5).subarray(0, 7)],
    [false, bytesOf(part)],
    [false, Buffer.concat([bytesOf(part), bytesOf({ ...text5, first: 0x89 })])],
    [true, Buffer.concat([bytesOf(part), bytesOf({ ...text5, first: 0x80 })])],
    [false, bytesOf({ ...text5, first: 0x88, payload: Buffer.alloc(0) })],
  ]
  for (const [idle, bytes] of cases) {
    const reader = new FrameReader(maxBytes)
    expect(reader.read(bytes, sink)).toBeNull()
    expect(reader.idle).toBe(idle)
  }
})

test('many small fragments take the memory of one message', () => {
  const found = ours([
    bytesOf({ ...text5, first: 0x01, payload: Buffer.from('a') }),
    ...Array.from({ length: maxBytes - 2 }, () => bytesOf({ ...text5, first: 0x00, payload: Buffer.from('b') })),
    bytesOf({ ...text5, first: 0x80, payload: Buffer.from('c') }),
  ])
  expect(found).toEqual([['message', Buffer.from(`a${'b'.repeat(maxBytes - 2)}c`).toString('hex'), false]])
  expect(
    ours([
      bytesOf({ ...text5, first: 0x01, payload: Buffer.alloc(maxBytes, 0x61) }),
      bytesOf({ ...text5, first: 0x80, payload: Buffer.from('c') }),
    ]),
  ).toEqual([['broken', 1009]])
})
