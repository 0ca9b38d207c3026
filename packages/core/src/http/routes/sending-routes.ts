import { mapInChunks } from '../../common/async/chunks.ts'
import { FocusError } from '../../common/errors.ts'
import type { JsonValue } from '../../common/json.ts'
import type { Notifications } from '../../notifications/create-notifications.ts'
import type { RepeatableIds } from '../../notifications/policies/idempotency.ts'
import type { Recipient } from '../../notifications/sending/recipients.ts'
import { readJsonObject } from '../request/body.ts'
import { json, noContent } from '../responses.ts'
import type { Route } from '../route.ts'
import { type Address, readSendRequest, type SendRequest } from './send-request.ts'

/** Parts of the notifications that the routes need, whatever the catalogue. */
export type NotificationSending = Pick<Notifications, 'cancel' | 'idempotency' | 'prepare' | 'recipients'>

/** Routes for operators to send a notification, and to cancel one that waits. */
export function sendingRoutes(notifications: NotificationSending): Route[] {
  return [
    {
      method: 'POST',
      path: '/notifications',
      access: 'admin',
      handle: ({ request }) => sendNotification(notifications, request),
    },
    {
      method: 'DELETE',
      path: '/notifications/scheduled/:id',
      access: 'admin',
      handle: async ({ params }) => {
        if (await notifications.cancel(params.id ?? '')) return noContent()
        throw new FocusError('unknown_notification', 'No waiting notification has this id.', {
          hint: 'It may have been delivered or cancelled already.',
        })
      },
    },
  ]
}

/** Large enough for oversized `data`, whose own refusal says more than a refusal of the body. */
const maxBodyBytes = 4 * 1_048_576

/**
 * Sends the notification of a body to its recipients. Responds with the receipt of one user, or with `results` for several.
 * The same `Idempotency-Key` gets the same response within 24 hours.
 */
export async function sendNotification(notifications: NotificationSending, request: Request): Promise<Response> {
  const body = await readJsonObject(request, { maxBytes: maxBodyBytes })
  const sendRequest = readSendRequest(body)
  const recipients = await findRecipients(notifications, sendRequest.address)
  const send = (ids?: RepeatableIds) => sendToAll(notifications, recipients, sendRequest, ids)
  const key = request.headers.get('idempotency-key')
  return json(await (key === null ? send() : notifications.idempotency.run(key, body, send)))
}

/** Finds all recipients before anything is sent, so that a misspelt name sends nothing. */
async function findRecipients(
  { recipients }: NotificationSending,
  { user_id, user_ids, user, users, broadcast }: Address,
): Promise<Recipient[] | 'everyone'> {
  const addressed = [user_id, user_ids, user, users, broadcast || undefined].filter((value) => value !== undefined)
  if (addressed.length !== 1) {
    throw new FocusError('invalid_request', 'The body must name its recipients in exactly one way.', {
      hint: 'Send one of user_id, user_ids, user, users, or "broadcast": true.',
    })
  }
  if (broadcast) return 'everyone'
  const ids = user_ids ?? (user_id === undefined ? [] : [user_id])
  const names = users ?? (user === undefined ? [] : [user])
  const found = [
    ...(await mapInChunks(ids, (id) => recipients.require(id))),
    ...(await mapInChunks(names, (name) => recipients.search(name))),
  ]
  return [...new Map(found.map((recipient) => [recipient.userKey, recipient])).values()]
}

async function sendToAll(
  notifications: NotificationSending,
  recipients: readonly Recipient[] | 'everyone',
  { message, several }: SendRequest,
  ids: RepeatableIds | undefined,
): Promise<JsonValue> {
  const sendTo = notifications.prepare(message)
  if (recipients === 'everyone') return { ...(await sendTo(null, ids)), user_id: null, broadcast: true }
  // All of them end before the call does: a repetition must not overlap with the rest of it.
  const settled = await Promise.allSettled(
    recipients.map(async (recipient) => ({ ...(await sendTo(recipient, ids)), user_id: recipient.userId })),
  )
  const results = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  return several ? { results } : (results[0] ?? null)
}
