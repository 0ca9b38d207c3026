import { describe, expect, test } from 'vitest'
import { TopicFilter } from './topic-filter.ts'

const { everything } = TopicFilter

describe('a topic filter', () => {
  test('passes everything at first', () => {
    expect(everything.matches('limits')).toBe(true)
    expect(everything.matches(null)).toBe(true)
  })

  test('passes subscribed topics and notifications without a topic after a subscribe', () => {
    const filter = everything.subscribe(['limits'])
    expect([filter.matches('limits'), filter.matches('activities'), filter.matches(null)]).toEqual([true, false, true])
  })

  test('adds topics, and removes them down to none', () => {
    const filter = everything.subscribe(['b', 'a']).subscribe(['c', 'a']).unsubscribe(['b'])
    expect(filter.topics).toEqual(['a', 'c'])
    expect(filter.unsubscribe(['a', 'c']).matches('a')).toBe(false)
  })

  test('excludes topics that were unsubscribed from before any subscribe', () => {
    const filter = everything.unsubscribe(['limits'])
    expect([filter.matches('limits'), filter.matches('activities')]).toEqual([false, true])
    expect(filter.subscribe(['limits']).matches('activities')).toBe(false)
  })

  test('is one object for equal sets in any order', () => {
    expect(everything.subscribe(['a', 'b'])).toBe(everything.subscribe(['b']).subscribe(['a']))
  })

  test('S29 is one object also after a client named thousands of topics that no other client names', () => {
    for (let index = 0; index < 5_000; index += 1) everything.subscribe([`${index}`.padStart(191, 'x')])
    expect(everything.subscribe(['asked', 'for'])).toBe(everything.subscribe(['for', 'asked']))
  })
})
