import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  createFocus,
  defineNotifications,
  type Focus,
  type NotificationService,
  type Receipt,
} from '../../src/index.ts'

const catalogue = defineNotifications({
  commentAdded: {
    event: 'comments',
    params: { author: 'string', words: 'number', quote: 'string?' },
    title: { en: 'New comment' },
    message: { en: '{author} wrote {words, plural, one {# word} other {# words}}' },
    data: ({ author, quote }) => {
      expectTypeOf(author).toEqualTypeOf<string>()
      expectTypeOf(quote).toEqualTypeOf<string | undefined>()
      return { author }
    },
    dedupe: { key: ({ author, words }) => `${author}:${words.toFixed(0)}` },
  },
  invoicePaid: {
    params: z.object({ amount: z.number(), currency: z.enum(['EUR', 'USD']) }),
    title: { en: 'Paid' },
    message: { en: '{amount} {currency}' },
    data: ({ amount, currency }) => {
      expectTypeOf(currency).toEqualTypeOf<'EUR' | 'USD'>()
      return { amount }
    },
  },
})

declare const builtIn: NotificationService

describe('the catalogue', () => {
  test('types the guide’s notifications', () => {
    expectTypeOf(
      builtIn.notify('limitWarning', { userId: 1, appName: 'Instagram', percentage: 80 }),
    ).resolves.toEqualTypeOf<Receipt>()
    // @ts-expect-error a param is missing
    void builtIn.notify('limitWarning', { userId: 1, appName: 'Instagram' })
    // @ts-expect-error a param has another type
    void builtIn.notify('limitWarning', { userId: 1, appName: 'Instagram', percentage: '80' })
    // @ts-expect-error the user is missing
    void builtIn.notify('limitWarning', { appName: 'Instagram', percentage: 80 })
    // @ts-expect-error unknown notification
    void builtIn.notify('limitWarnings', { userId: 1 })
  })

  test('types an application’s own notifications beside them', async () => {
    const { notifications } = await createFocus({ catalogue })
    void notifications.notify('commentAdded', { userId: 1, author: 'Alice', words: 3 })
    void notifications.notify(
      'commentAdded',
      { userId: 1, author: 'Alice', words: 3, quote: 'Hello' },
      { locale: 'en' },
    )
    void notifications.notify('invoicePaid', { userId: 1, amount: 7, currency: 'EUR' })
    void notifications.notify('appBlocked', { userId: 1, appName: 'Instagram' })
    void notifications.notifyManyNamed([1, 2], 'commentAdded', { author: 'Alice', words: 3 })
    // @ts-expect-error a param is missing
    void notifications.notify('commentAdded', { userId: 1, author: 'Alice' })
    // @ts-expect-error not one of the currencies
    void notifications.notify('invoicePaid', { userId: 1, amount: 7, currency: 'CHF' })
  })

  test('is part of the type of Focus', async () => {
    const mount = (focus: Focus) => focus
    mount(await createFocus({ catalogue }))
    mount(await createFocus())
  })
})
