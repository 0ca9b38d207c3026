import { describe, expect, test } from 'vitest'
import { type NotificationFlags, readNotification } from './notification.ts'

const now = Date.UTC(2030, 0, 1)

test('a plain notification becomes the body of POST /notifications', () => {
  const flags = { title: 'T', message: 'M', type: 'warning', event: 'limits', data: '{"a":[1]}' }
  expect(readNotification(flags, now)).toEqual({
    body: { title: 'T', message: 'M', notification_type: 'warning', event: 'limits', data: { a: [1] } },
    users: [],
  })
})

test('words after the values of a helper are users', () => {
  expect(readNotification({ limitWarning: ['Instagram', '80', 'alice', '7'] }, now)).toEqual({
    body: { name: 'limitWarning', params: { app_name: 'Instagram', percentage: 80 } },
    users: ['alice', '7'],
  })
})

test.each([
  ['fr_FR', 'fr'],
  ['EN-gb', 'en'],
  ['en_US.UTF-8', 'en'],
])('R19: --locale %s asks for the texts in %s', (locale, language) => {
  expect(readNotification({ appBlocked: 'X', locale }, now).body).toMatchObject({ locale: language })
})

test('a notification of the application has a name and any language', () => {
  expect(readNotification({ name: 'orderShipped', params: '{"orderId":7}', locale: 'de' }, now).body).toEqual({
    name: 'orderShipped',
    params: { orderId: 7 },
    locale: 'de',
  })
  expect(readNotification({ name: 'welcome' }, now).body).toEqual({ name: 'welcome', params: {} })
})

test.each<[NotificationFlags, object]>([
  [{ deliverAt: '30m' }, { deliver_at: '2030-01-01T00:30:00.000Z' }],
  [{ deliverAt: '2031-02-03T04:05:06+02:00' }, { deliver_at: '2031-02-03T02:05:06.000Z' }],
  [{ deliverAt: '2031-02-03 04:05+0200' }, { deliver_at: '2031-02-03T02:05:00.000Z' }],
  [{ expiresAt: '1.5h' }, { expires_at: '2030-01-01T01:30:00.000Z' }],
  [{ dedupe: 'order-7' }, { dedupe: { key: 'order-7' } }],
  [{ dedupe: 'order:7' }, { dedupe: { key: 'order:7' } }],
  [{ dedupe: 'order:7:10m' }, { dedupe: { key: 'order:7', window: '10m' } }],
  [
    { group: 'comments:1h', groupTitle: '{count} new' },
    { group: { key: 'comments', window: '1h', title: '{count} new' } },
  ],
  [{ group: 'comments', groupMessage: '#' }, { group: { key: 'comments', message: '#' } }],
  [{ rate: '5/1h' }, { rate: { limit: 5, window: '1h' } }],
  [{ rate: '5/30s:defer', rateKey: 'k' }, { rate: { key: 'k', limit: 5, window: '30s', overflow: 'defer' } }],
  [{ critical: true }, { critical: true }],
  [{ transports: 'slack, email' }, { transports: ['slack', 'email'] }],
  [{ transports: 'none' }, { transports: [] }],
  [
    { escalate: ['15m:email', '1h:slack'] },
    {
      escalate: [
        { after: '15m', unless: 'read', to: 'email' },
        { after: '1h', unless: 'read', to: 'slack' },
      ],
    },
  ],
])('%j goes beside the content', (flags, expected) => {
  const content = { title: 'T', message: 'M' }
  expect(readNotification({ ...content, ...flags }, now).body).toEqual({ ...content, ...expected })
  expect(readNotification({ appBlocked: 'X', ...flags }, now).body).toMatchObject({ name: 'appBlocked', ...expected })
})

describe('wrong usage', () => {
  test.each<[string, NotificationFlags, RegExp]>([
    ['no title', { message: 'M' }, /^--title is missing/],
    ['no message', { title: 'T' }, /^--message is missing/],
    ['data that is not JSON', { title: 'T', message: 'M', data: '{a}' }, /^--data is not JSON/],
    ['data that is not an object', { title: 'T', message: 'M', data: '[1]' }, /^--data must be a JSON object/],
    ['an invalid percentage', { limitWarning: ['Instagram', 'much'] }, /^--limit-warning requires/],
    ['no percentage', { limitWarning: ['Instagram'] }, /^--limit-warning requires/],
    ['two helpers', { appBlocked: 'X', leaderboard: 'Y' }, /^Pass one helper/],
    ['a title beside a helper', { appBlocked: 'X', title: 'T' }, /^--title cannot be combined with a helper/],
    ['data beside a helper without data', { appBlocked: 'X', data: '{}' }, /^--data cannot be combined/],
    ['a challenge without its message', { challengeUpdate: ['C', 'k'] }, /^--challenge-update requires/],
    ['a name and a helper', { name: 'X', appBlocked: 'Y' }, /^Pass one helper at a time, or one --name/],
    ['a title beside a name', { name: 'X', title: 'T' }, /^--title cannot be combined with --name/],
    ['parameters without a name', { title: 'T', message: 'M', params: '{}' }, /^--params requires --name/],
    ['parameters that are not an object', { name: 'X', params: '7' }, /^--params must be a JSON object/],
    ['an empty name', { name: '' }, /^--name requires/],
    ['a time that is none', { appBlocked: 'X', deliverAt: 'tomorrow' }, /^--deliver-at: expected/],
    ['a day that is none', { appBlocked: 'X', expiresAt: '2030-02-31T00:00:00Z' }, /^--expires-at: expected/],
    ['a number for a time', { appBlocked: 'X', deliverAt: '5' }, /^--deliver-at: expected/],
    ['no key', { appBlocked: 'X', dedupe: '' }, /^--dedupe: expected KEY/],
    ['a window alone', { appBlocked: 'X', group: ':1h' }, /^--group: expected KEY/],
    ['a group’s text alone', { appBlocked: 'X', groupTitle: 'T' }, /^--group-title requires --group/],
    ['a rate without a window', { appBlocked: 'X', rate: '5' }, /^--rate: expected LIMIT/],
    ['a rate of nothing', { appBlocked: 'X', rate: '0/1h' }, /^--rate: expected LIMIT/],
    ['an unknown overflow', { appBlocked: 'X', rate: '5/1h:lose' }, /^--rate: expected LIMIT/],
    ['a rate’s key alone', { appBlocked: 'X', rateKey: 'k' }, /^--rate-key requires --rate/],
    ['an empty transport', { appBlocked: 'X', transports: 'slack,' }, /^--transports: expected names/],
    ['an escalation to nobody', { appBlocked: 'X', escalate: ['15m'] }, /^--escalate: expected AFTER/],
    ['an unknown language', { appBlocked: 'X', locale: 'de' }, /^--locale: expected fr or en/],
  ])('%s', (_, flags, message) => {
    expect(() => readNotification(flags, now)).toThrow(
      expect.objectContaining({ code: 'usage', exitCode: 2, message: expect.stringMatching(message) }),
    )
  })
})
