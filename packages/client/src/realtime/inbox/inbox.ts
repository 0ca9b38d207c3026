import { FocusClientError, isRefusal } from '../../errors.ts'
import type { Api, ApiRequest } from '../../http.ts'
import type { InboxResponse } from '../../protocol.ts'
import type { AccessTokens } from '../../session/session.ts'
import type { Knowledge } from './marks.ts'
import { type FocusNotification, toNotification } from '../notification.ts'

/** Selects a page of the inbox. */
export interface InboxQuery {
  /** Size of the page. Default: the server's. */
  readonly limit?: number
  /** `nextBefore` of the previous page. */
  readonly before?: string
  /** Only unread notifications. */
  readonly unread?: boolean
  /** Only notifications of this topic. */
  readonly event?: string
  readonly signal?: AbortSignal
}

/** One page of the inbox. */
export interface InboxPage {
  /** Newest first. */
  readonly notifications: readonly FocusNotification[]
  /** Cursor of the next page; null at the end. */
  readonly nextBefore: string | null
  /** Number of unread notifications of all pages. */
  readonly unreadCount: number
  /** Heads and revision of the streams at the time of the answer. @internal */
  readonly heads?: Knowledge | undefined
}

/** The server's limit. */
const idsPerRequest = 500

/** The user's inbox on the server, over HTTP. */
export class Inbox {
  readonly #api: Api
  readonly #tokens: AccessTokens

  constructor(api: Api, tokens: AccessTokens) {
    this.#api = api
    this.#tokens = tokens
  }

  async page({ limit, before, unread, event, signal }: InboxQuery): Promise<InboxPage> {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ limit, before, unread: unread || undefined, event })) {
      if (value !== undefined) query.set(name, String(value))
    }
    const path = query.size > 0 ? `/notifications?${query}` : '/notifications'
    const page = await this.#request<InboxResponse>(path, { signal })
    if (!Array.isArray(page?.notifications)) throw invalidAnswer()
    return {
      notifications: page.notifications.map(toNotification),
      nextBefore: page.next_before,
      unreadCount: countOf(page),
      heads:
        page.offset === undefined
          ? undefined
          : { user: page.offset, all: page.all_offset ?? 0, stateRev: page.state_rev ?? 0 },
    }
  }

  /** Marks notifications as read. Returns the new number of unread notifications. */
  async markRead(which: { ids: readonly string[] } | { all: true }): Promise<number> {
    if ('ids' in which && which.ids.length > idsPerRequest) {
      await this.markRead({ ids: which.ids.slice(0, idsPerRequest) })
      return this.markRead({ ids: which.ids.slice(idsPerRequest) })
    }
    return countOf(await this.#request('/notifications/read', { method: 'POST', body: which }))
  }

  async remove(id: string): Promise<undefined> {
    const answer = await this.#request(`/notifications/${encodeURIComponent(id)}`, { method: 'DELETE' })
    if (answer !== undefined) throw invalidAnswer()
  }

  async #request<Answer>(path: string, request: ApiRequest): Promise<Answer> {
    const token = await this.#tokens.get()
    if (token === null) throw new FocusClientError('not_signed_in', 'No user is signed in.')
    try {
      return await this.#api.request<Answer>(path, { ...request, token })
    } catch (error) {
      const is401 = error instanceof FocusClientError && error.status === 401
      const fresh = is401 ? await this.#tokens.renew(token, isRefusal(error)) : null
      if (fresh === null) throw error
      return this.#api.request<Answer>(path, { ...request, token: fresh })
    }
  }
}

/** Returns the count of an answer, and rejects answers of captive portals, which have status 200 too. */
function countOf(answer: { unread_count: number } | null | undefined): number {
  if (typeof answer?.unread_count !== 'number') throw invalidAnswer()
  return answer.unread_count
}

function invalidAnswer(): FocusClientError {
  return new FocusClientError('invalid_response', 'The answer is not an inbox page.')
}
