import { expect, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { FocusError } from '../../src/common/errors.ts'
import { type NotificationSending, sendNotification } from '../../src/http/routes/sending-routes.ts'
import type { JsonValue } from '../../src/common/json.ts'
import type { Message } from '../../src/notifications/catalogue/composer.ts'
import type { SendTo } from '../../src/notifications/sending/sending-calls.ts'
import { nodesOf } from './support/suite.ts'
import type { Node } from './support/node.ts'

describeOverDatabases('idempotency keys', (databases) => {
  const { start } = nodesOf(databases)

  /** Returns the service with a fault before the first notification to one user. */
  function faulty({ notifications }: Node, userKey: string, fault: FocusError): NotificationSending {
    let faults = 1
    return Object.assign(Object.create(notifications) as NotificationSending, {
      idempotency: notifications.idempotency,
      recipients: notifications.recipients,
      prepare: (message: Message): SendTo => {
        const send = notifications.prepare(message)
        return async (recipient, ids) => {
          if (recipient?.userKey !== userKey || faults === 0) return send(recipient, ids)
          faults -= 1
          throw fault
        }
      },
    })
  }

  const request = () =>
    new Request('http://localhost/api/notifications', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'several' },
      body: JSON.stringify({ user_ids: [1, 2, 3], title: 't', message: 'm' }),
    })

  test.each([
    ['refused', new FocusError('invalid_notification', 'Only in their language.')],
    ['interrupted by the end of the process', new FocusError('closed', 'The notification log is closed.')],
  ])('a call to several users, one of which was %s, is finished by its repetition', async (_, fault) => {
    const node = await start()
    const flawed = faulty(node, '1', fault)
    await expect(sendNotification(flawed, request())).rejects.toBe(fault)
    expect(new Set(node.events.map((event) => event.userKey))).toEqual(new Set(['2', '3']))
    expect((await sendNotification(flawed, request())).status).toBe(200)
    expect(new Set(node.events.map((event) => event.userKey))).toEqual(new Set(['1', '2', '3']))
    expect(node.events).toHaveLength(3)
  })

  /** A call that holds its key until it is resolved or rejected. */
  async function silent({ notifications }: Node, key: string) {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const { promise: ending, resolve: answer, reject: fail } = Promise.withResolvers<JsonValue>()
    const ended = notifications.idempotency.run(key, 'asked', () => {
      begin()
      return ending
    })
    await begun
    return { answer, fail, ended }
  }

  test.each<[string, object, string]>([
    ['a date as text', { deliverAt: '2030-01-01T00:00:00Z' }, 'deliverAt'],
    ['an expiry as text', { expiresAt: '2030-01-01T00:00:00Z' }, 'expiresAt'],
    ['a BigInt in data', { data: { n: 1n } }, 'data'],
  ])('%s is an invalid notification with a key as without', async (_, fields, field) => {
    const { notifications } = await start()
    const content = { title: 't', message: 'm', ...fields }
    const refusal = { code: 'invalid_notification', message: expect.stringContaining(field) }
    for (const options of [{}, { idempotencyKey: 'k' }]) {
      await expect(notifications.notifyUser({ userId: 1, ...content }, options)).rejects.toMatchObject(refusal)
      await expect(notifications.broadcast(content, options)).rejects.toMatchObject(refusal)
      await expect(
        notifications.notify('limitWarning', { userId: 1, appName: 'a', percentage: 1 }, { ...options, ...fields }),
      ).rejects.toMatchObject(refusal)
    }
  })

  test('a repetition gets its answer after the notification has expired', async () => {
    const { notifications, clock } = await start()
    const input = { userId: 1, title: 't', message: 'm', expiresAt: new Date(clock() + 1_000) }
    const first = await notifications.notifyUser(input, { idempotencyKey: 'k' })
    clock.advance(60_000)
    expect(await notifications.notifyUser(input, { idempotencyKey: 'k' })).toEqual(first)
  })

  test('a repetition may have its members in another order', async () => {
    const { notifications } = await start()
    const key = { idempotencyKey: 'k' }
    const sent = await notifications.notifyUser({ userId: 1, title: 't', message: 'm', data: { a: 1, b: [1, 2] } }, key)
    expect(
      await notifications.notifyUser({ data: { b: [1, 2], a: 1 }, message: 'm', title: 't', userId: 1 }, key),
    ).toEqual(sent)
    await expect(
      notifications.notifyUser({ userId: 1, title: 't', message: 'm', data: { a: 1, b: [2, 1] } }, key),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' })
  })

  test('a merge is not repeated, even after later merges', async () => {
    const { notifications, log, database, clock } = await start()
    const group = { key: 'post', message: '{count, plural, one {# comment} other {# comments}}' }
    const content = { title: 't', message: 'm', group }
    const first = await notifications.notifyUser({ userId: 1, ...content })
    const recipient = await notifications.recipients.require(1)
    // Merges, and dies before it stores its answer.
    const merging = notifications.idempotency.run('k', 'asked', async (ids) => {
      await notifications.prepare({ content })(recipient, ids)
      throw new Error('the process ends')
    })
    await expect(merging).rejects.toThrow('the process ends')
    await notifications.notifyUser({ userId: 1, ...content })
    const again = () =>
      notifications.idempotency.run('k', 'asked', (ids) => notifications.prepare({ content })(recipient, ids))
    const merged = { outcome: 'merged', id: 'id' in first ? first.id : '', offset: 2 }
    expect(await again()).toEqual(merged)
    expect(await again()).toEqual(merged)
    const { notifications: inbox } = await notifications.inbox(1)
    expect(inbox.map(({ offset, count, message }) => [offset, count, message])).toEqual([[3, 3, '3 comments']])
    clock.advance(26 * 60 * 60_000)
    await log.upkeep()
    expect(await database.db.selectFrom('focus_merges').selectAll().execute()).toEqual([])
  })

  test('a scheduled notification is scheduled once, and its receipt has no offset', async () => {
    const { notifications, database, clock } = await start()
    const content = { title: 't', message: 'm', deliverAt: new Date(clock() + 60_000) }
    const recipient = await notifications.recipients.require(1)
    const asked = (after: () => void) =>
      notifications.idempotency.run('k', 'asked', async (ids) => {
        const receipt = await notifications.prepare({ content })(recipient, ids)
        after()
        return receipt
      })
    const dying = asked(() => {
      throw new Error('the process ends')
    })
    await expect(dying).rejects.toThrow('the process ends')
    const waiting = await database.db.selectFrom('focus_scheduled').select('id').execute()
    expect(await asked(() => undefined)).toEqual({ outcome: 'scheduled', id: waiting[0]?.id })
    expect(waiting).toHaveLength(1)
  })

  test('one of the waiting calls takes over from a dead one, and the others get its answer', async () => {
    const node = await start()
    const dead = await silent(node, 'k')
    node.clock.advance(31_000)
    let calls = 0
    const again = () =>
      node.notifications.idempotency.run('k', 'asked', async () => {
        calls += 1
        return `call ${calls}`
      })
    expect(await Promise.all(Array.from({ length: 5 }, again))).toEqual(Array(5).fill('call 1'))
    dead.answer('too late')
    await dead.ended
    expect(await again()).toBe('call 1')
  })

  test('a call that was taken over and then fails does not change the answer', async () => {
    const node = await start()
    const slow = await silent(node, 'k')
    node.clock.advance(31_000)
    const again = (answer: string) => node.notifications.idempotency.run('k', 'asked', async () => answer)
    expect(await again('first')).toBe('first')
    const refusal = new FocusError('invalid_notification', 'Not that.')
    slow.fail(refusal)
    await expect(slow.ended).rejects.toBe(refusal)
    expect(await again('second')).toBe('first')
  })
})
