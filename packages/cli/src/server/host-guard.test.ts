import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { createHostGuard } from './host-guard.ts'

const loopback = [
  'localhost',
  'localhost:8000',
  'LocalHost:1',
  'localhost.',
  'app.localhost',
  '127.0.0.1:8000',
  '127.8.9.1',
  '[::1]',
  '[::1]:8000',
]
const foreign = [
  'evil.example',
  'evil.example:8000',
  'localhost.evil.example',
  'notlocalhost',
  '127.0.0.1.evil.example',
  '',
  ':8000',
  'localhost@evil.example',
  'evil.example/localhost',
  'evil.example?localhost',
  'evil.example\\localhost',
  'localhost:port',
  '[::1',
]

describe.each(['127.0.0.1', '::1', 'localhost', '0.0.0.0', '::', '192.0.2.7'])('listening on %s', (listenHost) => {
  const allows = createHostGuard({ listenHost, publicUrl: undefined })

  test.each(loopback)('%j is this server', (host) => {
    expect(allows(host)).toBe(true)
  })

  test.each(foreign)('%j is not', (host) => {
    expect(allows(host)).toBe(false)
  })
})

test('the public URL allows its host on every port', () => {
  const allows = createHostGuard({ listenHost: '127.0.0.1', publicUrl: 'https://Focus.example:8443/app' })
  expect(['focus.example', 'FOCUS.example:80', 'example'].map(allows)).toEqual([true, true, false])
})

test('the listening host is allowed', () => {
  expect(createHostGuard({ listenHost: '192.0.2.7' })('192.0.2.7:8000')).toBe(true)
  expect(createHostGuard({ listenHost: '192.0.2.7' })('192.0.2.8:8000')).toBe(false)
  expect(createHostGuard({ listenHost: 'Laptop' })('laptop:8000')).toBe(true)
  expect(createHostGuard({ listenHost: '2001:db8:0::7' })('[2001:DB8::7]')).toBe(true)
})

describe.each(['0.0.0.0', '::', '0', '0:0:0:0:0:0:0:0', ''])(
  'listening on every interface, written %j',
  (listenHost) => {
    const allows = createHostGuard({ listenHost })

    test.each(['192.0.2.7', '192.0.2.7:8000', '[2001:db8::7]:8000', `${hostname()}:8000`])(
      '%s is this server',
      (host) => {
        expect(allows(host)).toBe(true)
      },
    )
  },
)

test('a server on one address allows no other address and not the machine’s name', () => {
  const allows = createHostGuard({ listenHost: '127.0.0.1' })
  expect(['192.0.2.7', '0.0.0.0', '[2001:db8::7]', 'a-machine'].map(allows)).toEqual([false, false, false, false])
})

test('a request without a Host is allowed', () => {
  expect(createHostGuard({ listenHost: '127.0.0.1' })(undefined)).toBe(true)
})
