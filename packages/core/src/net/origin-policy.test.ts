import { describe, expect, test } from 'vitest'
import { createOriginPolicy } from './origin-policy.ts'

describe('origin policy', () => {
  test('without a public URL every loopback origin is allowed, without credentials', () => {
    const policy = createOriginPolicy({ allowedOrigins: [], publicUrl: null })
    for (const origin of [
      'http://localhost:3000',
      'http://127.0.0.1:5173',
      'http://[::1]:8080',
      'https://app.localhost',
    ]) {
      expect(policy.allows(origin)).toBe(true)
      expect(policy.allowsCredentials(origin)).toBe(false)
    }
    expect(policy.allows('https://evil.example')).toBe(false)
  })

  test('a public URL that is not loopback ends the loopback convenience and allows its own origin', () => {
    const policy = createOriginPolicy({
      allowedOrigins: ['https://app.example'],
      publicUrl: 'https://api.example/focus',
    })
    expect(policy.allows('http://localhost:3000')).toBe(false)
    expect(policy.allows('https://api.example')).toBe(true)
    expect(policy.allows('https://app.example')).toBe(true)
    expect(policy.allowsCredentials('https://app.example')).toBe(true)
  })

  test.each(['null', 'https://app.example.evil.com', 'http://app.example', 'https://app.example:8443', ''])(
    'S26 %j is not taken for the named origin',
    (origin) => {
      const policy = createOriginPolicy({ allowedOrigins: ['https://app.example'], publicUrl: 'https://api.example' })
      expect(policy.allows(origin)).toBe(false)
    },
  )
})
