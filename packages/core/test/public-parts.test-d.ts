import { describe, expectTypeOf, test } from 'vitest'
import {
  createFocus,
  defineNotifications,
  type Focus,
  type FocusOptions,
  type NotificationInput,
  type NotificationService,
} from '../src/index.ts'

const catalogue = defineNotifications({
  appBlocked: { params: { reason: 'string' }, title: { en: 'Blocked' }, message: { en: '{reason}' } },
})

describe('createFocus', () => {
  test('returns the built-in catalogue without a catalogue of one’s own', () => {
    expectTypeOf(createFocus()).resolves.toEqualTypeOf<Focus>()
    expectTypeOf(createFocus({ database: 'sqlite::memory:' })).resolves.toEqualTypeOf<Focus>()
    const options: FocusOptions = {}
    expectTypeOf(createFocus(options)).resolves.toEqualTypeOf<Focus>()
  })

  test('keeps the catalogue of options that are passed as a value', async () => {
    const options: FocusOptions<typeof catalogue> = { catalogue }
    const { notifications } = await createFocus(options)
    void notifications.notify('appBlocked', { userId: 1, reason: 'Too late' })
    // @ts-expect-error a param of the definition that was replaced
    void notifications.notify('appBlocked', { userId: 1, appName: 'Instagram' })
  })

  test('replaces a built-in notification by one of the same name', async () => {
    const { notifications } = await createFocus({ catalogue })
    void notifications.notify('appBlocked', { userId: 1, reason: 'Too late' })
    void notifications.notify('limitWarning', { userId: 1, appName: 'Instagram', percentage: 80 })
    // @ts-expect-error a param of the definition that was replaced
    void notifications.notify('appBlocked', { userId: 1, appName: 'Instagram' })
  })
})

describe('the parts of Focus hold what applications may call', () => {
  test('auth', () => {
    type Name = 'accounts' | 'authenticate' | 'keys' | 'onSessionEnded' | 'sessions' | 'tokens' | 'userOf' | 'users'
    expectTypeOf<keyof Focus['auth']>().toEqualTypeOf<Name>()
    expectTypeOf<keyof Focus['auth']['sessions']>().toEqualTypeOf<'end' | 'endAll' | 'list' | 'start' | 'startShort'>()
  })

  test('realtime', () => {
    expectTypeOf<keyof Focus['realtime']>().toEqualTypeOf<
      'close' | 'connectionList' | 'connections' | 'drain' | 'stats'
    >()
  })

  test('notifications', () => {
    expectTypeOf<Focus['notifications']>().toEqualTypeOf<NotificationService>()
    expectTypeOf<NotificationService['notifyUser']>().parameter(0).toEqualTypeOf<NotificationInput>()
    expectTypeOf<keyof NotificationService>().extract<'start' | 'close' | 'feed' | 'onForeignCommit'>().toBeNever()
  })
})
