import { expect, test } from 'vitest'
import { defaultLimits, resolveLimits } from './realtime-limits.ts'

test('absent limits have their defaults', () => {
  expect(resolveLimits()).toEqual(defaultLimits)
  expect(resolveLimits(JSON.parse('{"pingIntervalMs":null}'))).toEqual(defaultLimits)
  expect(resolveLimits({ actionsPerMinute: 7 })).toEqual({ ...defaultLimits, actionsPerMinute: 7 })
})

test.each([
  ['zero', { actionsPerMinute: 0 }],
  ['a fraction', { lagBytes: 1.5 }],
  ['not a number', { pingIntervalMs: Number.NaN }],
  ['an unknown name', JSON.parse('{"maxMessageBites":1}')],
])('%s is refused with the name of the limit', (_case, limits) => {
  const [name = ''] = Object.keys(limits)
  expect(() => resolveLimits(limits)).toThrow(
    expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(`websocket.limits.${name}`) }),
  )
})
