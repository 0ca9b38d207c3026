import type { UserIdCodec } from '../../common/user-id.ts'
import type { Notifications } from '../../notifications/create-notifications.ts'
import type { LoggedNotification } from '../../notifications/ports.ts'
import { queryValue } from '../request/query.ts'
import { json } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'
import { isoTimestamp, isoTimestampOrNull } from '../../wire/iso-timestamp.ts'

export interface NotificationAdminRoutesDeps {
  readonly notifications: Pick<Notifications, 'epoch' | 'inbox' | 'recent' | 'recipients' | 'rotateEpoch'>
  readonly userIds: UserIdCodec
}

/** Routes for operators: the recent notifications of all users or of one, and the epoch of the streams. */
export function notificationAdminRoutes({ notifications, userIds }: NotificationAdminRoutesDeps): Route[] {
  async function list({ url }: RouteContext): Promise<Response> {
    const text = queryValue(url, 'limit', 16)
    const limit = text === null ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN
    const user = queryValue(url, 'user', 320)
    const found = user === null ? await notifications.recent(limit) : await inboxOf(user, limit)
    return json({ notifications: found.map((one) => toJson(one, userIds)) })
  }

  async function inboxOf(user: string, limit: number | undefined): Promise<readonly LoggedNotification[]> {
    const { userKey } = await notifications.recipients.search(user)
    const page = await notifications.inbox(userKey, limit === undefined ? {} : { limit })
    return page.notifications
  }

  return [
    { method: 'GET', path: '/admin/notifications', access: 'admin', handle: list },
    { method: 'GET', path: '/admin/epoch', access: 'admin', handle: () => json({ epoch: notifications.epoch }) },
    {
      method: 'POST',
      path: '/admin/epoch/rotate',
      access: 'admin',
      handle: async () => json({ epoch: await notifications.rotateEpoch() }),
    },
  ]
}

/** Leaves out message and data: an operator sees that a notification was sent, not its text. */
function toJson(notification: LoggedNotification, userIds: UserIdCodec) {
  const { id, userKey, offset, type, title, event, count, timestamp, readAt } = notification
  return {
    id,
    user_id: userKey === null ? null : userIds.fromKey(userKey),
    offset,
    notification_type: type,
    title,
    event,
    count,
    created_at: isoTimestamp(timestamp),
    read_at: isoTimestampOrNull(readAt),
  }
}
