import { z } from 'zod'
import { FocusError } from '../errors.ts'
import type { Notifications } from '../notifications/service.ts'
import type { Recipient } from '../notifications/recipients.ts'
import type { Receipt } from '../notifications/types.ts'
import { readJsonObject } from './body.ts'
import { json } from './responses.ts'

const userId = z.union([z.int(), z.string().min(1).max(320)])

const address = {
  user_id: userId.optional(),
  user_ids: z.array(userId).min(1).max(1_000).optional(),
  /** An id, a username or an e-mail. */
  user: z.string().min(1).max(320).optional(),
  users: z.array(z.string().min(1).max(320)).min(1).max(1_000).optional(),
  broadcast: z.boolean().optional(),
}

const content = z.object({
  ...address,
  notification_type: z.string().optional(),
  title: z.string(),
  message: z.string(),
  event: z.string().nullish(),
  data: z.record(z.string(), z.json()).nullish(),
})

const catalogued = z.object({
  ...address,
  /** `limit_warning` or `limitWarning`. */
  helper: z.string().optional(),
  name: z.string().optional(),
  params: z.record(z.string(), z.json()).default({}),
  locale: z.string().max(35).optional(),
})

type Address = z.infer<z.ZodObject<typeof address>>

/**
 * `POST /notifications`: sends what the body says to whom it names. Answers the receipt of one person, or `results` with
 * one for each.
 */
export async function sendNotification(notifications: Notifications, request: Request): Promise<Response> {
  const body = await readJsonObject(request)
  const helper = 'helper' in body || 'name' in body
  const message = helper ? parse(catalogued, body) : parse(content, body)
  const recipients = await findRecipients(notifications, message)
  const send = (recipient: Recipient | null) =>
    'title' in message ? sendContent(notifications, recipient, message) : sendHelper(notifications, recipient, message)
  if (recipients === 'everybody') return json({ ...(await send(null)), user_id: null, broadcast: true })
  const results = await Promise.all(
    recipients.map(async (recipient) => ({ ...(await send(recipient)), user_id: recipient.userId })),
  )
  const several = message.user_ids !== undefined || message.users !== undefined
  return json(several ? { results } : results[0])
}

/** All of them are found before anything is sent, so that a misspelt name sends nothing. */
async function findRecipients(
  { recipients }: Notifications,
  { user_id, user_ids, user, users, broadcast }: Address,
): Promise<Recipient[] | 'everybody'> {
  const named = [user_id, user_ids, user, users, broadcast || undefined].filter((value) => value !== undefined)
  if (named.length !== 1) {
    throw new FocusError('invalid_request', 'The body must name its recipients in exactly one way.', {
      hint: 'Send one of user_id, user_ids, user, users, or "broadcast": true.',
    })
  }
  if (broadcast) return 'everybody'
  const ids = user_ids ?? (user_id === undefined ? [] : [user_id])
  const names = users ?? (user === undefined ? [] : [user])
  const found: Recipient[] = []
  for (const id of ids) found.push(await recipients.require(id))
  for (const name of names) found.push(await recipients.search(name))
  return [...new Map(found.map((recipient) => [recipient.userKey, recipient])).values()]
}

function sendContent(notifications: Notifications, recipient: Recipient | null, body: z.infer<typeof content>) {
  const { notification_type: type, title, message, event, data } = body
  const said = {
    title,
    message,
    ...(type === undefined ? {} : { type }),
    ...(event ? { event } : {}),
    ...(data ? { data } : {}),
  }
  return recipient ? notifications.notifyUser({ ...said, userId: recipient.userId }) : notifications.broadcast(said)
}

function sendHelper(
  notifications: Notifications,
  recipient: Recipient | null,
  { helper, name = helper ?? '', params, locale }: z.infer<typeof catalogued>,
): Promise<Receipt> {
  if (!recipient) {
    throw new FocusError('invalid_request', 'The notifications of the catalogue are for people, not for everybody.', {
      hint: 'Name users, or send title and message with "broadcast": true.',
    })
  }
  const entry = camelCase(name)
  const camelParams = Object.fromEntries(Object.entries(params).map(([key, value]) => [camelCase(key), value]))
  return notifications.notifyNamed(entry, { ...camelParams, userId: recipient.userId }, locale ? { locale } : {})
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new FocusError('invalid_notification', `${issue?.path.join('.') || 'body'}: ${issue?.message}.`, {
    hint: 'Send title and message, or helper and params.',
  })
}
