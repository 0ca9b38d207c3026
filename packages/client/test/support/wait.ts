import type { NotificationEvents, Notifications } from '../../src/index.ts'

/** The next event of a kind that fits. */
export function nextEvent<Name extends keyof NotificationEvents>(
  notifications: Notifications,
  name: Name,
  fits: (value: NotificationEvents[Name]) => boolean = () => true,
): Promise<NotificationEvents[Name]> {
  return new Promise((resolve) => {
    const stop = notifications.on(name, (value) => {
      if (!fits(value)) return
      stop()
      resolve(value)
    })
  })
}

/** Waits for something that no event tells of; looks often, and leaves the limit to the test. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
