import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sendToAudience } from './audience.ts'

describe('an audience that cannot be reached', () => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(() => {
    process.off('unhandledRejection', note)
  })

  const away = async () => {
    throw new Error('database away')
  }

  test('is an error of the call alone while the next id is waited for, after which no id is taken', async () => {
    let taken = 0
    let returned = false
    async function* ids() {
      try {
        for (; taken < 1_000; taken += 1) yield taken
        for (let turns = 0; turns < 10; turns += 1) await turn()
        for (; ; taken += 1) yield taken
      } finally {
        returned = true
      }
    }
    await expect(sendToAudience(ids(), away, {})).rejects.toThrow('database away')
    expect([taken, returned, unhandled]).toEqual([1_000, true, []])
  })

  test('is an error also when the last ids are those that fail', async () => {
    await expect(sendToAudience([1], away, {})).rejects.toThrow('database away')
  })
})
