import { clientFrame } from './raw-client.ts'

/** Random choices that a seed repeats (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** 0 to 1, without 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.roll() * limit)
  }

  chance(probability: number): boolean {
    return this.roll() < probability
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

const actions = ['ping', 'subscribe', 'unsubscribe', 'get_stats', 'resume', 'sync', 'ack', 'read', 'auth'] as const
const fields = [
  'ref',
  'timestamp',
  'events',
  'epoch',
  'offset',
  'all_offset',
  'last_id',
  'since',
  'limit',
  'stream',
  'ids',
  'up_to_offset',
  'token',
] as const

/** A text message that is nearly one of the protocol. */
export function nearlyAnAction(dice: Dice): string {
  const message: Record<string, unknown> = { action: dice.chance(0.95) ? dice.pick(actions) : value(dice, 2) }
  const plausible: Record<string, () => unknown> = {
    ref: () => dice.below(1_000),
    timestamp: () => '2024-10-30T10:30:00',
    events: () => Array.from({ length: dice.below(4) }, () => dice.pick(['activities', 'challenges', 'limits'])),
    epoch: () => dice.pick(['k3f9', 'old']),
    offset: () => dice.below(50),
    all_offset: () => dice.below(5),
    last_id: () => 'id',
    since: () => dice.below(50),
    limit: () => 1 + dice.below(20),
    stream: () => 'all',
    ids: () => ['id'],
    up_to_offset: () => dice.below(50),
    token: () => dice.pick(['1', '2', 'nonsense']),
  }
  for (const field of fields) {
    if (dice.chance(0.5)) message[field] = dice.chance(0.85) ? plausible[field]?.() : value(dice, 3)
  }
  const text = JSON.stringify(message)
  return dice.chance(0.9) ? text : mutate(dice, text)
}

/** Any JSON value. */
function value(dice: Dice, depth: number): unknown {
  const simple = [
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 1,
    '',
    'x',
    '\u0000',
    '\ud800',
    '__proto__',
    'é'.repeat(300),
  ] as const
  if (depth === 0 || dice.chance(0.7)) return dice.pick(simple)
  if (dice.chance(0.5)) return Array.from({ length: dice.below(5) }, () => value(dice, depth - 1))
  return Object.fromEntries(
    Array.from({ length: dice.below(5) }, () => [String(dice.pick(simple)), value(dice, depth - 1)]),
  )
}

function mutate(dice: Dice, text: string): string {
  const at = dice.below(text.length)
  return dice.chance(0.5)
    ? text.slice(0, at)
    : text.slice(0, at) + String.fromCharCode(dice.below(0x2000)) + text.slice(at + 1)
}

export interface FuzzedFrame {
  readonly bytes: Buffer
  /** The code of a close frame, which the server answers with the same. */
  readonly closeCode: number | null
}

/** One WebSocket frame, well-formed or not; text frames that are well-formed carry nearly actions. */
export function nearlyAFrame(dice: Dice): FuzzedFrame {
  const opcode = dice.chance(0.7) ? 1 : dice.below(16)
  const size = dice.chance(0.9) ? dice.below(200) : dice.below(20_000)
  const payload = opcode === 1 && dice.chance(0.7) ? Buffer.from(nearlyAnAction(dice)) : dice.bytes(size)
  const bytes = clientFrame(opcode, payload, {
    masked: dice.chance(0.97),
    final: dice.chance(0.9),
    rsv: dice.chance(0.97) ? 0 : dice.below(8),
  })
  return { bytes, closeCode: opcode === 8 && payload.length >= 2 ? payload.readUInt16BE(0) : null }
}
