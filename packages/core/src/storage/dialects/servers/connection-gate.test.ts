import { expect, test } from 'vitest'
import { ConnectionGate } from './connection-gate.ts'

const limits = { count: 100, bytes: 1_000_000, ageMs: 60_000 }

test('V1: calls beyond the pool wait in a bounded queue, and the last connections are kept for urgent classes', async () => {
  const gate = new ConnectionGate('mysql_pool', 10, limits)
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
  // Four connections are left: deliveries may take two, interactive work all.
  const deliveries = await Promise.all([gate.enter('delivery'), gate.enter('delivery')])
  const signIns = await Promise.all([gate.enter('interactive'), gate.enter('interactive')])
  expect(deliveries.length + signIns.length).toBe(4)
  let late = false
  const waits = gate.enter('interactive').then((leave) => {
    late = true
    return leave
  })
  // A connection that is given back goes to interactive work, although a hundred background calls wait longer.
  leaveFirst?.()
  await waits
  expect([late, background]).toEqual([true, 6])
})

test('a pool of two has room for every class', async () => {
  const gate = new ConnectionGate('mysql_pool', 2, limits)
  const leave = await gate.enter('background')
  await gate.enter('interactive')
  leave()
  await gate.enter('delivery')
})
