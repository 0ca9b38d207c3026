import { afterAll } from 'vitest'
import { defaultLogger } from '../../../core/src/common/logging/default-logger.ts'
import { silentLogger } from '../../../core/src/common/logging/logger.ts'
import { createLogSentinel } from './log-sentinel.ts'

/**
 * Checks the default loggers of Focus in every test file: a secret in a line fails the file (S28).
 */
const sentinel = createLogSentinel()
for (const logger of [defaultLogger, silentLogger]) Object.assign(logger, sentinel.logger)

afterAll(() => {
  const leaks = sentinel.leaks()
  if (leaks.length > 0) throw new Error(`S28: a secret was logged:\n${leaks.join('\n')}`)
})
