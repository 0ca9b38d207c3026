import type { NotificationEvents, Notifications } from '../../src/index.ts'

/** Resolves with the next event of a kind that matches. */
export function nextEvent<Name extends keyof NotificationEvents>(
  notifications: Notifications,
  name: Name,
  matches: (value: NotificationEvents[Name]) => boolean = () => true,
): Promise<NotificationEvents[Name]> {
  return new Promise((resolve) => {
    const stop = notifications.on(name, (value) => {
      if (!matches(value)) return
      stop()
      resolve(value)
    })
  })
}

/** Resolves when a condition without an event is true. The time limit is the test's. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
