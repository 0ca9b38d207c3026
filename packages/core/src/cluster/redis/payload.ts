import type { BrokerMessage } from '../broker-port.ts'

/**
 * A payload is `<name of the sending node>|<JSON array of messages>`, so that a node recognises its own payloads without reading
 * them.
 *
 * @param messages encoded as JSON
 */
export function encodePayload(node: string, messages: readonly string[]): string {
  return messages.length === 1 ? `${node}|[${messages[0]}]` : `${node}|[${messages.join(',')}]`
}

/** Reads the messages of a payload; returns null for a payload that Focus did not write. */
export function decodePayload(payload: string): readonly BrokerMessage[] | null {
  try {
    const messages: unknown = JSON.parse(payload.slice(payload.indexOf('|') + 1))
    return Array.isArray(messages) && messages.every(isMessage) ? messages : null
  } catch {
    return null
  }
}

function isMessage(value: unknown): value is BrokerMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && 'from' in value
}
