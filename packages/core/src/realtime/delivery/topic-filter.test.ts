import { describe, expect, test } from 'vitest'
import { TopicFilter } from './topic-filter.ts'

const { everything } = TopicFilter

describe('a topic filter', () => {
  test('lets everything through at first', () => {
    expect(everything.matches('limits')).toBe(true)
    expect(everything.matches(null)).toBe(true)
  })

  test('lets the named topics and what has none through after a subscribe', () => {
    const filter = everything.subscribe(['limits'])
    expect([filter.matches('limits'), filter.matches('activities'), filter.matches(null)]).toEqual([true, false, true])
  })

  test('adds topics, and takes them away down to none', () => {
    const filter = everything.subscribe(['b', 'a']).subscribe(['c', 'a']).unsubscribe(['b'])
    expect(filter.topics).toEqual(['a', 'c'])
    expect(filter.unsubscribe(['a', 'c']).matches('a')).toBe(false)
  })

  test('leaves topics out that were unsubscribed from before any subscribe', () => {
    const filter = everything.unsubscribe(['limits'])
    expect([filter.matches('limits'), filter.matches('activities')]).toEqual([false, true])
    expect(filter.subscribe(['limits']).matches('activities')).toBe(false)
  })

  test('is one object for equal sets, in whatever order', () => {
    expect(everything.subscribe(['a', 'b'])).toBe(everything.subscribe(['b']).subscribe(['a']))
  })

  test('S29 is one object also after a client named thousands of topics that nobody else does', () => {
    for (let index = 0; index < 5_000; index += 1) everything.subscribe([`${index}`.padStart(191, 'x')])
    expect(everything.subscribe(['asked', 'for'])).toBe(everything.subscribe(['for', 'asked']))
  })
})
