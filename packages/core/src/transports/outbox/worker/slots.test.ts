import { describe, expect, test } from 'vitest'
import { Slots } from './slots.ts'

const fine = { result: 'settled', lastedMs: 10 } as const
const failed = { result: 'failed', lastedMs: 10 } as const

/** Starts as many attempts as it may; returns how many. */
function fill(slots: Slots, user: string): number {
  let started = 0
  for (; slots.mayStart(user); started += 1) slots.start(user)
  return started
}

describe('S40 R3: the slots of a transport with personal addresses', () => {
  const open = (concurrency: number) => new Slots({ concurrency, personal: true, slowMs: 1_000 })

  test.each([
    [16, 4],
    [8, 2],
    [4, 1],
    [1, 1],
  ])('of %i a user has %i at once', (concurrency, share) => {
    expect(fill(open(concurrency), 'a')).toBe(share)
  })

  test.each([failed, { result: 'settled', lastedMs: 1_001 } as const])('a user in trouble (%j) has one', (end) => {
    const slots = open(16)
    slots.start('a')
    slots.end('a', end)
    expect(slots.isTroubled('a')).toBe(true)
    expect(fill(slots, 'a')).toBe(1)
    slots.end('a', { result: 'untried', lastedMs: 0 })
    expect(slots.isTroubled('a')).toBe(true)
    slots.start('a')
    slots.end('a', fine)
    expect(fill(slots, 'a')).toBe(4)
  })

  test('users in trouble leave half of them to the others', () => {
    const slots = open(8)
    const users = Array.from({ length: 20 }, (_, index) => `troubled-${index}`)
    for (const user of users) {
      slots.start(user)
      slots.end(user, failed)
    }
    expect(users.reduce((sum, user) => sum + fill(slots, user), 0)).toBe(4)
    expect(fill(slots, 'fine')).toBe(2)
  })

  test('deliveries of users in trouble fill a quarter of the memory at most', () => {
    const slots = open(8)
    const users = Array.from({ length: 40 }, (_, index) => `troubled-${index}`)
    for (const user of users) {
      slots.start(user)
      slots.end(user, failed)
    }
    const admit = slots.admission(new Map([['troubled-0', 1]]), 64)
    expect(users.filter((user) => admit(user))).toHaveLength(15)
    expect(Array.from({ length: 20 }, () => admit('fine')).filter(Boolean)).toHaveLength(8)
  })
})

test('S40 R3: users who had a turn are passed over until the next round', () => {
  const slots = new Slots({ concurrency: 8, personal: false, slowMs: 1_000 })
  const admit = slots.admission(new Map(), 64)
  expect(['a', 'a', 'b'].map(admit)).toEqual([true, true, true])
  expect(slots.served).toEqual(['a', 'b'])
  slots.newRound()
  expect(slots.served).toEqual([])
})

test('a transport with one address for all lets one user have every slot', () => {
  const slots = new Slots({ concurrency: 8, personal: false, slowMs: 1_000 })
  slots.start('a')
  slots.end('a', failed)
  expect(fill(slots, 'a')).toBe(8)
  expect(slots.mayStart('b')).toBe(false)
})
