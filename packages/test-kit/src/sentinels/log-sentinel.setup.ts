import { afterAll } from 'vitest'
import { defaultLogger } from '../../../core/src/common/logging/default-logger.ts'
import { silentLogger } from '../../../core/src/common/logging/logger.ts'
import { createLogSentinel } from './log-sentinel.ts'

/**
 * The loggers that Focus has when a test gives it none listen, through the whole suite: a secret in any line fails the file that
 * made it write one (S28).
 */
const sentinel = createLogSentinel()
for (const logger of [defaultLogger, silentLogger]) Object.assign(logger, sentinel.logger)

afterAll(() => {
  const leaks = sentinel.leaks()
  if (leaks.length > 0) throw new Error(`S28: a secret was logged:\n${leaks.join('\n')}`)
})
