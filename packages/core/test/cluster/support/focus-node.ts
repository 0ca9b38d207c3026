import type { StreamMessage } from '../../../src/cluster/broker-port.ts'
import { configuredRuntime } from '../../../src/compose/configured-runtime.ts'
import { composeFocus, type FocusParts } from '../../../src/compose/focus-parts.ts'
import type { NotificationEvent } from '../../../src/notifications/ports.ts'
import type { FocusOptions } from '../../../src/options/options.ts'
import { resolveOptions } from '../../../src/options/resolve.ts'
import { type RecordingLogger, recordingLogger } from '../../../src/testing.ts'

/** A whole Focus, with what its broker tells it. It accepts notifications for any user. */
export interface FocusNode {
  readonly parts: FocusParts
  readonly heard: StreamMessage[]
  readonly logger: RecordingLogger
  /** The events that came for a user, or for all users. */
  events(userKey: string | null): NotificationEvent[]
  /** Sends notifications one after another, with these titles. */
  send(userKey: string, ...titles: string[]): Promise<void>
  close(): Promise<void>
}

export async function openFocusNode(
  database: NonNullable<FocusOptions['database']>,
  options: FocusOptions = {},
): Promise<FocusNode> {
  const logger = recordingLogger()
  const secret = 'a secret of the tests that is long enough'
  const settings = resolveOptions({ database, secret, publicUrl: 'http://localhost', logger, ...options }, {})
  const accepting = { ...settings, users: { ...settings.users, unknown: 'accept' as const } }
  const parts = await composeFocus({ settings: accepting, runtime: configuredRuntime(accepting) })
  const heard: StreamMessage[] = []
  parts.cluster.broker.onStreamMessage((message) => heard.push(message))
  return {
    parts,
    heard,
    logger,
    events: (userKey) =>
      heard.flatMap((message) =>
        message.kind === 'notifications' && message.userKey === userKey ? message.events : [],
      ),
    send: async (userKey, ...titles) => {
      for (const title of titles) {
        await parts.notifications.notifications.notifyUser({ userId: userKey, title, message: 'm' })
      }
    },
    close: () => parts.close(),
  }
}

/** Has each node read the list of nodes, and waits until all of them leave wake-ups for each other. */
export async function connect(...nodes: FocusNode[]): Promise<void> {
  for (const { parts } of nodes) await parts.cluster.nodes.refresh()
  const connected = () => nodes.every(({ parts }) => parts.cluster.tellsOfCommits())
  while (!connected()) await new Promise((resolve) => setTimeout(resolve, 5))
}
