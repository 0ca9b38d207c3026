import { expect, test } from 'vitest'
import { MysqlGate } from './connection-gate.ts'

const limits = { count: 100, bytes: 1_000_000, ageMs: 60_000 }

test('V1: connections beyond the pool wait in a bounded queue, and the last ones are kept for those that go first', async () => {
  const gate = new MysqlGate(10, limits)
  let background = 0
  const flood = Array.from({ length: 106 }, () =>
    gate.enter('background').then((leave) => {
      background += 1
      return leave
    }),
  )
  const [first] = flood
  const leaveFirst = await first
  expect(background).toBe(6)
  await expect(gate.enter('background')).rejects.toMatchObject({ code: 'overloaded', status: 503 })
  // Four are left: for notifications two, for sign-in all.
  const deliveries = await Promise.all([gate.enter('delivery'), gate.enter('delivery')])
  const signIns = await Promise.all([gate.enter('interactive'), gate.enter('interactive')])
  expect(deliveries.length + signIns.length).toBe(4)
  let late = false
  const waits = gate.enter('interactive').then((leave) => {
    late = true
    return leave
  })
  // What is given back goes to sign-in, though a hundred others came before.
  leaveFirst?.()
  await waits
  expect([late, background]).toEqual([true, 6])
})

test('a pool of two has room for every class', async () => {
  const gate = new MysqlGate(2, limits)
  const leave = await gate.enter('background')
  await gate.enter('interactive')
  leave()
  await gate.enter('delivery')
})
