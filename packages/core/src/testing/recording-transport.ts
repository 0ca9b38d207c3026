import type { OutboundMessage, Transport } from '../transports/transport.ts'

/** A transport that keeps the messages instead of sending them. */
export interface RecordingTransport extends Transport {
  /** The messages so far, in the order of their delivery. */
  readonly messages: readonly OutboundMessage[]
  /**
   * Resolves with the messages once there are `count` of them, immediately if there already are.
   *
   * @param count 1 or more
   */
  received(count: number): Promise<readonly OutboundMessage[]>
}

/**
 * Makes a transport for `createFocus({ transports })` that keeps every message, so that a test can look at what an application
 * sends and where to.
 *
 * @param name the transport's name; `recording` when absent
 *
 * @example
 * ```ts
 * const sms = recordingTransport('sms')
 * const focus = await createFocus({ database: 'sqlite::memory:', transports: [sms] })
 * await focus.notifications.broadcast({ title: 'News', message: 'We moved' })
 * const [message] = await sms.received(1)
 * assert.equal(message.title, 'News')
 * ```
 */
export function recordingTransport(name = 'recording'): RecordingTransport {
  const messages: OutboundMessage[] = []
  const waiting = new Set<() => void>()
  return {
    name,
    messages,
    async deliver(message) {
      messages.push(message)
      for (const look of waiting) look()
    },
    received: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (messages.length < count) return
          waiting.delete(look)
          resolve([...messages])
        }
        waiting.add(look)
        look()
      }),
  }
}
