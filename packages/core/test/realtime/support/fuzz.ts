import { anyJson, type Dice, mutate } from '@focus-api/test-kit/values/dice'
import { clientFrame } from './raw-client.ts'

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

/** Returns a text message that is nearly one of the protocol. */
export function nearlyAnAction(dice: Dice): string {
  const message: Record<string, unknown> = { action: dice.chance(0.95) ? dice.pick(actions) : anyJson(dice, 2) }
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
    if (dice.chance(0.5)) message[field] = dice.chance(0.85) ? plausible[field]?.() : anyJson(dice, 3)
  }
  const text = JSON.stringify(message)
  return dice.chance(0.9) ? text : mutate(dice, text)
}

export interface FuzzedFrame {
  readonly bytes: Buffer
  /** The code of a close frame, which the server echoes. */
  readonly closeCode: number | null
}

/** Returns one WebSocket frame, valid or not. Valid text frames carry messages that are nearly actions. */
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
