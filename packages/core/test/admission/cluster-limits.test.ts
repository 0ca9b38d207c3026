import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FocusOptions } from '@focus-api/core'
import { removeFolder, startRedis, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import { Production } from './production.ts'

const cleanups: (() => unknown)[] = []
let folder: string
beforeEach(() => {
  folder = temporaryFolder('limits')
  cleanups.push(() => removeFolder(folder))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const start = async (options: FocusOptions): Promise<Production> => {
  const node = await Production.start({
    database: `sqlite:${join(folder, 'focus.db')}`,
    rateLimits: { perMinute: { refresh: 10 } },
    ...options,
  })
  cleanups.push(() => node.stop())
  return node
}

const refresh = async (node: Production, address: string): Promise<number> => {
  const body = JSON.stringify({ refresh_token: 'a'.repeat(43) })
  const response = await node.from(address, '/auth/refresh', { method: 'POST', body })
  await response.arrayBuffer()
  return response.status
}

describe.each(['Redis', 'the database'])('through %s', (through) => {
  test('what an address did at one node counts at the others', async () => {
    const redis = through === 'Redis' ? await startRedis({ own: true }) : null
    cleanups.push(() => redis?.stop())
    const options = redis ? { redis: redis.url } : {}
    const first = await start({ ...options, node: 'first' })
    const second = await start({ ...options, node: 'second' })
    // The nodes know each other within seconds; from then on the first one tells what it served.
    let address = 0
    await expect
      .poll(
        async () => {
          address += 1
          await first.statuses(
            10,
            async () => new Response(null, { status: await refresh(first, `203.0.${address}.9`) }),
          )
          const asked = performance.now()
          while (performance.now() - asked < 3_000) {
            await new Promise((resolve) => setTimeout(resolve, 400))
            if ((await refresh(second, `203.0.${address}.9`)) === 429) return 'refused'
          }
          return 'served'
        },
        { timeout: 25_000 },
      )
      .toBe('refused')
    expect(await refresh(second, '198.51.100.1')).toBe(400)
  })
})
