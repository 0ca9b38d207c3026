import { z } from 'zod'
import { costs } from '../../admission/budgets.ts'
import { FocusError } from '../../common/errors.ts'
import type { InboxItem, InboxQuery } from '../../notifications/ports.ts'
import { readJsonObject } from '../request/body.ts'
import { type NotificationBackend, sendNotification } from './notification-send.ts'
import { json, jsonText, noContent } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'
import { notificationJson } from '../../wire/notification.ts'

/** The inbox of the person who asks, and the operator's way to send. */
export function inboxRoutes(notifications: NotificationBackend): Route[] {
  return [
    {
      method: 'GET',
      path: '/notifications',
      access: 'bearer',
      cost: (query) => costs.read + Math.min(500, limitOf(query) || 50) * costs.notification,
      handle: async (context) => {
        const page = await notifications.inbox(personOf(context), inboxQuery(context.url.searchParams))
        const body = JSON.stringify({
          notifications: page.notifications.map(inboxItemJson),
          next_before: page.nextBefore,
          unread_count: page.unreadCount,
          offset: page.offset,
          all_offset: page.allOffset,
          state_rev: page.stateRev,
        })
        context.spend((body.length / 1_024) * costs.kibibyte)
        return jsonText(body)
      },
    },
    {
      method: 'POST',
      path: '/notifications/read',
      access: 'bearer',
      handle: async (context) => {
        const which = parse(readSelection, await readJsonObject(context.request))
        return json({ unread_count: await notifications.markRead(personOf(context), which) })
      },
    },
    {
      method: 'DELETE',
      path: '/notifications/:id',
      access: 'bearer',
      handle: async (context) => {
        const deleted = await notifications.delete(personOf(context), context.params.id ?? '')
        if (!deleted) {
          throw new FocusError('unknown_notification', 'There is no such notification in your inbox.', {
            hint: 'It may have been deleted already; load the inbox again.',
          })
        }
        return noContent()
      },
    },
    {
      method: 'POST',
      path: '/notifications',
      access: 'admin',
      handle: (context) => sendNotification(notifications, context.request),
    },
    {
      method: 'GET',
      path: '/admin/epoch',
      access: 'admin',
      handle: () => json({ epoch: notifications.epoch }),
    },
    {
      method: 'POST',
      path: '/admin/epoch/rotate',
      access: 'admin',
      handle: async () => json({ epoch: await notifications.rotateEpoch() }),
    },
    {
      method: 'DELETE',
      path: '/notifications/scheduled/:id',
      access: 'admin',
      handle: async ({ params }) => {
        if (await notifications.cancel(params.id ?? '')) return noContent()
        throw new FocusError('unknown_notification', 'No notification of this id is waiting.', {
          hint: 'It may have been delivered or cancelled already.',
        })
      },
    },
  ]
}

/** What `POST /notifications/read` takes. */
export const readSelection = z
  .union([
    z.object({ ids: z.array(z.string().min(1).max(64)).min(1).max(500) }),
    z
      .object({ up_to_offset: z.int().min(0), stream: z.enum(['user', 'all']).optional() })
      .transform(({ up_to_offset, stream }) => ({ upToOffset: up_to_offset, stream: stream ?? ('user' as const) })),
    z.object({ all: z.literal(true) }),
  ])
  .describe('{"ids": [...]}, {"up_to_offset": 7, "stream": "all"} or {"all": true}')

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new FocusError('invalid_request', 'The body names no notifications.', {
    hint: `Send ${schema.description ?? 'what the route takes'}.`,
  })
}

function personOf({ principal }: RouteContext) {
  if (!principal) throw new FocusError('unauthenticated', 'The inbox needs an access token.')
  return principal.userKey
}

function inboxQuery(query: URLSearchParams): InboxQuery {
  const limit = query.get('limit')
  const before = query.get('before')
  return {
    ...(limit === null ? {} : { limit: limitOf(query) }),
    ...(before === null ? {} : { before }),
    unread: isSwitchedOn(query.get('unread')),
    event: topicsOf(query.getAll('event')),
  }
}

/** NaN for what is no number of notifications, which is refused. */
function limitOf(query: URLSearchParams): number {
  const limit = query.get('limit') ?? ''
  return /^\d{1,4}$/.test(limit) ? Number(limit) : NaN
}

function isSwitchedOn(text: string | null): boolean {
  return text !== null && !['0', 'false', 'no'].includes(text.toLowerCase())
}

function topicsOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).filter((topic) => topic !== '')
}

/** The fields of the WebSocket's message, and `read_at`. */
function inboxItemJson(item: InboxItem) {
  return Object.assign(notificationJson(item), {
    read_at: item.readAt === null ? null : new Date(item.readAt).toISOString(),
  })
}
