import { z } from 'zod'
import { costs } from '../../admission/budgets.ts'
import { FocusError } from '../../common/errors.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationService } from '../../notifications/focus-notifications.ts'
import type { InboxItem, InboxQuery } from '../../notifications/ports.ts'
import { notificationJson } from '../../wire/notification.ts'
import { readJsonObject } from '../request/body.ts'
import { requirePrincipal } from '../request/require-principal.ts'
import { json, jsonText, noContent } from '../responses.ts'
import type { Route, RouteContext } from '../route.ts'
import { isoTimestampOrNull } from '../../wire/iso-timestamp.ts'

/** Routes of the caller's own inbox. */
export function inboxRoutes(inbox: Pick<NotificationService, 'delete' | 'inbox' | 'markRead'>): Route[] {
  return [
    {
      method: 'GET',
      path: '/notifications',
      access: 'bearer',
      cost: (query) => costs.read + Math.min(500, limitOf(query) || 50) * costs.notification,
      handle: async (context) => {
        const page = await inbox.inbox(userKeyOf(context), inboxQuery(context.url.searchParams))
        const body = JSON.stringify({
          notifications: page.notifications.map(itemJson),
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
        const which = parseSelection(await readJsonObject(context.request))
        return json({ unread_count: await inbox.markRead(userKeyOf(context), which) })
      },
    },
    {
      method: 'DELETE',
      path: '/notifications/:id',
      access: 'bearer',
      handle: async (context) => {
        if (await inbox.delete(userKeyOf(context), context.params.id ?? '')) return noContent()
        throw new FocusError('unknown_notification', 'There is no such notification in your inbox.', {
          hint: 'It may have been deleted already; load the inbox again.',
        })
      },
    },
  ]
}

/** The body of `POST /notifications/read`. */
export const readSelection = z
  .union([
    z.object({ ids: z.array(z.string().min(1).max(64)).min(1).max(500) }),
    z
      .object({ up_to_offset: z.int().min(0), stream: z.enum(['user', 'all']).optional() })
      .transform(({ up_to_offset, stream }) => ({ upToOffset: up_to_offset, stream: stream ?? ('user' as const) })),
    z.object({ all: z.literal(true) }),
  ])
  .describe('{"ids": [...]}, {"up_to_offset": 7, "stream": "all"} or {"all": true}')

function parseSelection(body: unknown): z.infer<typeof readSelection> {
  const result = readSelection.safeParse(body)
  if (result.success) return result.data
  throw new FocusError('invalid_request', 'The body selects no notifications.', {
    hint: `Send ${readSelection.description}.`,
  })
}

function userKeyOf({ principal }: RouteContext): UserKey {
  return requirePrincipal(principal).userKey
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

/** Returns NaN, which the inbox refuses, unless the limit is a number. */
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

/** Returns the fields of the real-time message, with `read_at`. */
function itemJson(item: InboxItem) {
  return { ...notificationJson(item), read_at: isoTimestampOrNull(item.readAt) }
}
