import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineNotifications } from '../../../src/notifications/catalogue/define.ts'
import type { JsonObject, JsonValue } from '../../../src/common/json.ts'
import type { NotificationInput } from '../../../src/notifications/ports.ts'
import { type Node, startNode } from '../support/node.ts'

const cyclic: JsonObject = {}
cyclic.self = cyclic
const valid: NotificationInput = { userId: 1, title: 't', message: 'm' }

function nested(levels: number): JsonValue {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels))
}

/** Input of callers without types. */
function untyped(fields: object): NotificationInput {
  return Object.assign({}, valid, fields)
}

const refused: readonly [string, object, string][] = [
  ['an unknown user', { userId: 4_711 }, 'unknown_user'],
  ['no user', { userId: undefined }, 'invalid_notification'],
  ['a user id that is none', { userId: 1.5 }, 'invalid_notification'],
  ['an empty user id', { userId: '' }, 'invalid_notification'],
  ['no title', { title: undefined }, 'invalid_notification'],
  ['an empty title', { title: '' }, 'invalid_notification'],
  ['a title that is too long', { title: 't'.repeat(501) }, 'invalid_notification'],
  ['a message that is no text', { message: 7 }, 'invalid_notification'],
  ['half a surrogate pair', { message: 'broken \ud83d' }, 'invalid_notification'],
  ['a megabyte of data', { data: { blob: 'x'.repeat(1_048_576) } }, 'data_too_large'],
  ['one byte of data too much', { data: { blob: 'x'.repeat(16_384 - 10) } }, 'data_too_large'],
  ['data in a circle', { data: cyclic }, 'invalid_notification'],
  ['data one level too deep', { data: { levels: nested(64) } }, 'invalid_notification'],
  ['data thousands of levels deep', { data: { levels: nested(7_000) } }, 'invalid_notification'],
  ['data with a BigInt', { data: { n: 7n } }, 'invalid_notification'],
  ['data that is a list', { data: [1] }, 'invalid_notification'],
  ['data that serialises itself to something else', { data: { toJSON: () => 'text' } }, 'invalid_notification'],
  ['a topic that is too long', { event: 'e'.repeat(192) }, 'invalid_notification'],
  ['a date that is none', { deliverAt: new Date(NaN) }, 'invalid_notification'],
  ['an expiry in the past', { expiresAt: new Date(0) }, 'invalid_notification'],
  ['a window that is no duration', { dedupe: { key: 'k', window: 'a while' } }, 'invalid_notification'],
  ['a policy without a key', { group: { key: '' } }, 'invalid_notification'],
  ['a rate of nothing', { rate: { limit: 0, window: '1m' } }, 'invalid_notification'],
  ['a merged text with a mistake', { group: { key: 'k', message: '{count, plural, one {#}' } }, 'invalid_notification'],
]

describe('bad input', () => {
  let node: Node
  beforeAll(async () => {
    node = await startNode('sqlite::memory:')
  })
  afterAll(() => node.close())

  test.each(refused)('%s is refused with a code and a hint, and nothing is written', async (_, fields, code) => {
    await expect(node.notifications.notifyUser(untyped(fields))).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/./),
    })
    expect((await node.notifications.feed.head('1')).offset).toBe(0)
  })

  test.each(['{}', '{"ids":"a"}', '{"up_to_offset":1}', '{"upToOffset":-1}', '{"all":false}', 'null'])(
    'to mark %s as read is refused, and marks nothing',
    async (which) => {
      await node.notifications.notifyUser({ ...valid, userId: 4 })
      const { unreadCount } = await node.notifications.inbox(4)
      await expect(node.notifications.markRead(4, JSON.parse(which))).rejects.toMatchObject({
        code: 'invalid_request',
        hint: expect.stringMatching(/./),
      })
      expect((await node.notifications.inbox(4)).unreadCount).toBe(unreadCount)
    },
  )

  test('an undefined member of a selection counts as absent', async () => {
    await node.notifications.notifyUser({ ...valid, userId: 5 })
    const which = { upToOffset: 1, ids: undefined }
    expect(await node.notifications.markRead(5, which)).toBe(0)
  })

  test('data of the maximum size is accepted', async () => {
    const data = { blob: 'x'.repeat(16_384 - 11) }
    await expect(node.notifications.notifyUser({ ...valid, userId: 2, data })).resolves.toMatchObject({ offset: 1 })
  })

  test('data of the maximum depth is accepted, with any characters in its texts', async () => {
    const data = { levels: nested(63), text: '['.repeat(100) }
    await expect(node.notifications.notifyUser({ ...valid, userId: 3, data })).resolves.toMatchObject({ offset: 1 })
  })

  test.each<[string, JsonObject]>([
    ['thousands of levels deep', { levels: nested(7_000) }],
    ['in a circle', cyclic],
  ])('params %s are refused', async (_, data) => {
    const params = { userId: 1, challengeTitle: 'c', updateType: 'rank', message: 'm', data }
    await expect(node.notifications.notifyChallengeUpdate(params)).rejects.toMatchObject({
      code: 'invalid_notification',
      message: expect.stringContaining('deep'),
    })
  })

  test('a schema that throws is refused, and does not end the process', async () => {
    const failing = z.string().refine(() => {
      throw new Error('the table of names is away')
    })
    const catalogue = defineNotifications({
      greeting: { params: z.object({ name: failing }), title: { en: 't' }, message: { en: 'm' } },
    })
    const other = await startNode('sqlite::memory:', { catalogue })
    try {
      await expect(other.notifications.notify('greeting', { userId: 1, name: 'Alice' })).rejects.toMatchObject({
        code: 'invalid_notification',
        message: expect.stringContaining('throws'),
      })
    } finally {
      await other.close()
    }
  })

  test('wrong params name the notification and the param', async () => {
    const params = Object.assign({ userId: 1, appName: 'Instagram', percentage: 80 }, { percentage: 'most' })
    await expect(node.notifications.notifyLimitWarning(params)).rejects.toMatchObject({
      code: 'invalid_notification',
      message: expect.stringMatching(/limitWarning: percentage: /),
    })
    const text: object = { activity: 'running' }
    const activity = { userId: 1, activity: {}, ...text }
    await expect(node.notifications.notifyActivityUpdate(activity)).rejects.toMatchObject({
      message: 'activityUpdate: activity: expected an object.',
    })
  })

  test.each([
    ['without a language', { title: {}, message: { en: 'm' } }, 'x.title'],
    ['with a mistake in a text', { title: { en: '{name' }, message: { en: 'm' } }, 'x.title.en'],
    ['with an empty topic', { event: '', title: { en: 't' }, message: { en: 'm' } }, 'x'],
  ])('a definition %s is refused where it is made', (_, definition, where) => {
    expect(() => defineNotifications({ x: { params: {}, ...definition } })).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(where) }),
    )
  })

  test('unknown users get a stream if the configuration accepts them', async () => {
    const open = await startNode('sqlite::memory:', { config: { unknownUsers: 'accept' } })
    try {
      await expect(open.notifications.notifyUser({ ...valid, userId: 'auth0|AbC' })).resolves.toMatchObject({
        offset: 1,
      })
      await expect(open.notifications.notifyUser({ ...valid, userId: 'auth0|abc' })).resolves.toMatchObject({
        offset: 1,
      })
    } finally {
      await open.close()
    }
  })
})
