import { describe, expect, test } from 'vitest'
import { type NotificationFlags, readNotification } from './notification.ts'

test('a plain notification becomes the body of POST /notifications', () => {
  const flags = { title: 'T', message: 'M', type: 'warning', event: 'limits', data: '{"a":[1]}' }
  expect(readNotification(flags)).toEqual({
    body: { title: 'T', message: 'M', notification_type: 'warning', event: 'limits', data: { a: [1] } },
    users: [],
  })
})

test('what follows a helper’s own values are people', () => {
  expect(readNotification({ limitWarning: ['Instagram', '80', 'alice', '7'] })).toEqual({
    body: { name: 'limitWarning', params: { app_name: 'Instagram', percentage: 80 } },
    users: ['alice', '7'],
  })
})

describe('is a wrong use', () => {
  test.each<[string, NotificationFlags, RegExp]>([
    ['no title', { message: 'M' }, /^--title is missing/],
    ['no message', { title: 'T' }, /^--message is missing/],
    ['data that is not JSON', { title: 'T', message: 'M', data: '{a}' }, /^--data is not JSON/],
    ['data that is no object', { title: 'T', message: 'M', data: '[1]' }, /^--data has to be a JSON object/],
    ['a percentage that is none', { limitWarning: ['Instagram', 'much'] }, /^--limit-warning takes/],
    ['no percentage', { limitWarning: ['Instagram'] }, /^--limit-warning takes/],
    ['two helpers', { appBlocked: 'X', leaderboard: 'Y' }, /^Give one helper/],
    ['a title beside a helper', { appBlocked: 'X', title: 'T' }, /^--title does not go with a helper/],
    ['data beside a helper that takes none', { appBlocked: 'X', data: '{}' }, /^--data does not go/],
    ['a challenge without its message', { challengeUpdate: ['C', 'k'] }, /^--challenge-update takes/],
    ['an unknown language', { appBlocked: 'X', locale: 'de' }, /^--locale: expected fr or en/],
  ])('%s', (_, flags, message) => {
    expect(() => readNotification(flags)).toThrow(
      expect.objectContaining({ code: 'usage', exitCode: 2, message: expect.stringMatching(message) }),
    )
  })
})
