import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverMessages } from '../../packages/core/src/realtime/protocol/messages.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type NotificationSocket, openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { RunningFocus, type TestUser } from './running-focus.ts'

const greeting = async (socket: NotificationSocket) => serverMessages.connection.parse(await socket.next('connection'))

/** The hub on the real log, on each database. Tests that simulate faults are in packages/core/test/realtime. */
describeOverDatabases('the hub', (databases) => {
  let server: RunningFocus
  let users = 0
  beforeAll(async () => {
    server = await RunningFocus.start({
      database: await databases.create(),
      secret: 'a-secret-of-a-test-that-is-long-enough-for-all',
      notifications: { maxPerUser: 20 },
    })
  })
  afterAll(() => server.stop())

  const newUser = () => server.signIn(`user-${(users += 1)}`)
  const connect = (user: TestUser, query = '') =>
    openSocket({ url: server.url.replace(/\/api$/, '') }, `${user.token}${query}`)
  const notify = (user: TestUser, more: object = {}) =>
    server.focus.notifications.notifyUser({ userId: user.id, title: 't', message: 'm', ...more })

  test('live, resumed and replayed offsets form one sequence', async () => {
    const alice = await newUser()
    const first = await connect(alice)
    const { stream } = await greeting(first)
    await notify(alice)
    expect(await first.next('notification')).toMatchObject({ offset: stream.offset + 1 })
    await first.close()
    await notify(alice)
    const second = await connect(alice, `&epoch=${stream.epoch}&offset=${stream.offset + 1}`)
    expect(await second.next('connection')).toMatchObject({ resume: { requested: true, recovered: true } })
    expect(await second.next('notification')).toMatchObject({ offset: stream.offset + 2, replayed: true })
    await notify(alice)
    expect(await second.next('notification')).toMatchObject({ offset: stream.offset + 3 })
    await second.close()
  })

  test('a merge is a new event with the same id, and a resume replays its last version', async () => {
    const alice = await newUser()
    const socket = await connect(alice)
    const { stream } = await greeting(socket)
    for (let index = 0; index < 3; index += 1) await notify(alice, { group: { key: 'likes', window: '1h' } })
    const forms = [
      await socket.next('notification'),
      await socket.next('notification'),
      await socket.next('notification'),
    ]
    expect(forms.map(({ offset, count, group_key }) => [offset, count, group_key])).toEqual([
      [1, 1, 'likes'],
      [2, 2, 'likes'],
      [3, 3, 'likes'],
    ])
    expect(new Set(forms.map(({ id }) => id)).size).toBe(1)
    await socket.close()
    const again = await connect(alice, `&epoch=${stream.epoch}&offset=1`)
    expect(await again.next('notification')).toMatchObject({ offset: 3, count: 3, replayed: true })
    await again.close()
  })

  test('a broadcast reaches all users, also those that reconnect later', async () => {
    const [alice, bob] = [await newUser(), await newUser()]
    const here = await connect(alice)
    const away = await connect(bob)
    await here.next('connection')
    const { stream, all } = await greeting(away)
    await away.close()
    await server.focus.notifications.broadcast({ title: 'to all', message: 'm' })
    expect(await here.next('notification')).toMatchObject({ stream: 'all', title: 'to all' })
    const back = await connect(bob, `&epoch=${stream.epoch}&offset=${stream.offset}&all_offset=${all.offset}`)
    expect(await back.next('notification')).toMatchObject({ stream: 'all', offset: all.offset + 1, replayed: true })
    await Promise.all([here.close(), back.close()])
  })

  test('a read on one connection shows on the others and in the unread count', async () => {
    const alice = await newUser()
    const receipt = await notify(alice)
    await notify(alice)
    const [here, there] = [await connect(alice), await connect(alice)]
    expect(await here.next('connection')).toMatchObject({ unread_count: 2 })
    await there.next('connection')
    here.send({ action: 'read', ids: ['id' in receipt ? receipt.id : ''], ref: 'r' })
    expect(await here.next('read')).toMatchObject({ unread_count: 1, ref: 'r' })
    expect(await there.next('state')).toMatchObject({ state: 'read', unread_count: 1 })
    await Promise.all([here.close(), there.close()])
  })
})
