import type { BrokerMessage } from '../broker-port.ts'
import type { StreamMove } from './wake-up-store-port.ts'

/** The content of a row of the lane of messages. */
export interface MessageRow {
  /** The nodes that the writer knows: it leaves wake-ups for them. */
  readonly peers: readonly number[]
  /** Whether the writer has just joined, and waits until the other nodes write that they know it. */
  readonly hello?: true
  /** JSON of each message, from the writer's point of view; parsed for the reader. */
  readonly messages: readonly BrokerMessage[]
}

/** Writes the content of a row from messages that are JSON already. */
export function encodeMessages(peers: readonly number[], hello: boolean, messages: readonly string[]): string {
  return `{"peers":${JSON.stringify(peers)},${hello ? '"hello":true,' : ''}"messages":[${messages.join(',')}]}`
}

export function decodeMessages(content: string): MessageRow {
  return JSON.parse(content) as MessageRow
}

/** Yields the moves of a row of the lane of commits, which `encodeMoves` wrote. */
export function* decodeMoves(content: string): Generator<StreamMove> {
  const list = JSON.parse(content) as (string | number)[]
  for (let index = 0; index + 1 < list.length; index += 2) {
    yield { owner: String(list[index]), offset: Number(list[index + 1]) }
  }
}
