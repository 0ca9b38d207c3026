import { afterAll } from 'vitest'
import { silentLogger } from '../../packages/core/src/runtime.ts'
import { createLogSentinel } from './log-sentinel.ts'

/**
 * The logger that Focus has when a test gives it none listens, through the whole suite: a secret in any line fails the file that
 * made it write one (S28).
 */
const sentinel = createLogSentinel()
Object.assign(silentLogger, sentinel.logger)

afterAll(() => {
  const leaks = sentinel.leaks()
  if (leaks.length > 0) throw new Error(`S28: a secret was logged:\n${leaks.join('\n')}`)
})
