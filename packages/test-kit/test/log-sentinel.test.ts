import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createLogSentinel } from '@focus-api/test-kit/sentinels/log-sentinel'

const token = randomBytes(32).toString('base64url')

describe('the log sentinel', () => {
  test.each([
    ['in the message', `refused ${token}`, {}],
    ['in a field', 'refused', { token }],
    ['in an address', 'refused', { url: '/api/auth/google/callback?code=abcdefghij&iss=x' }],
    ['in the cause of an error', 'refused', { error: new Error('no', { cause: { parameters: { state: token } } }) }],
    ['as a JWT', 'refused', { header: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl' }],
  ])('finds a secret %s', (_, message, fields) => {
    const sentinel = createLogSentinel()
    sentinel.logger.warn(message, fields)
    expect(sentinel.leaks()).toHaveLength(1)
  })

  test('ignores ids, hashes, names and redacted addresses', () => {
    const sentinel = createLogSentinel()
    sentinel.logger.info('The signing key 4f1c0e2a was published', {
      id: '0198c0de-7b1a-7c3e-9a51-2f4b5c6d7e8f',
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      url: '/api/ws/notifications?token=[redacted]',
      error: new Error('The token is invalid'),
    })
    expect(sentinel.leaks()).toEqual([])
  })

  test('finds a short secret that it was given', () => {
    const sentinel = createLogSentinel()
    sentinel.logger.debug('refused', { key: 'opensesame' })
    expect(sentinel.leaks(['opensesame'])).toHaveLength(1)
  })
})
