import type { BrokerMessage } from '../broker-port.ts'

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

/** Returns null for content of another form, such as from a newer version. `LocalFirstBroker` checks the messages. */
export function decodeMessages(content: string): MessageRow | null {
  try {
    const row = JSON.parse(content) as MessageRow
    return Array.isArray(row.peers) && Array.isArray(row.messages) ? row : null
  } catch {
    return null
  }
}
