import { expect, test } from 'vitest'
import { silentLogger } from '../common/logging/logger.ts'
import { type Closable, openTogether } from './opening.ts'

function recorder() {
  const closed: string[] = []
  const part = (name: string, failure?: Error): Closable => ({
    async close() {
      closed.push(name)
      if (failure) throw failure
    },
  })
  return { closed, part }
}

test('parts are closed newest first, and only once', async () => {
  const { closed, part } = recorder()
  const parts = await openTogether(silentLogger, (own) => {
    own(part('database'))
    own(part('log'))
    return { name: 'storage' }
  })
  expect(parts.name).toBe('storage')
  await Promise.all([parts.close(), parts.close()])
  expect(closed).toEqual(['log', 'database'])
})

test('a part that fails to close keeps no other part open, and every failure is reported', async () => {
  const { closed, part } = recorder()
  const outer = await openTogether(silentLogger, async (own) => {
    own(part('database', new Error('busy')))
    own(
      await openTogether(silentLogger, (inner) => {
        inner(part('broker'))
        inner(part('log', new Error('full')))
        return {}
      }),
    )
    return {}
  })
  await expect(outer.close()).rejects.toMatchObject({
    message: 'Not everything could be closed',
    errors: [new Error('full'), new Error('busy')],
  })
  expect(closed).toEqual(['log', 'broker', 'database'])
})

test('a start that fails closes the parts that are open and passes its own error on', async () => {
  const { closed, part } = recorder()
  const logged: unknown[] = []
  const logger = { ...silentLogger, error: (message: string, fields?: object) => logged.push(message, fields) }
  const failure = new Error('no driver')
  const busy = new Error('busy')
  const opening = openTogether(logger, (own) => {
    own(part('database', busy))
    own(part('log'))
    throw failure
  })
  await expect(opening).rejects.toBe(failure)
  expect(closed).toEqual(['log', 'database'])
  expect(logged).toEqual([
    'Some parts stayed open after a start that failed',
    { error: expect.objectContaining({ errors: [busy] }) },
  ])
})
