import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'

const attempts = {
  'a connection to an address': `require('node:net').connect(9, '192.0.2.1').on('error', () => {})`,
  'a connection by options': `require('node:net').connect({ port: 9, host: '2001:db8::1' }).on('error', () => {})`,
  'a connection over TLS': `require('node:tls').connect({ port: 9, host: '192.0.2.1' }).on('error', () => {})`,
  'a request by fetch': `fetch('http://192.0.2.1:4009/').catch(() => {})`,
  'a request by name': `fetch('http://outside.invalid/').catch(() => {})`,
  'a look-up that answers an address outside': `require('node:net').connect({ port: 9, host: 'localhost',
    lookup: (name, options, done) => done(null, options.all ? [{ address: '192.0.2.1', family: 4 }] : '192.0.2.1', 4) })
    .on('error', () => {})`,
  'a datagram': `try { require('node:dgram').createSocket('udp4').send('x', 9, '192.0.2.1') } catch {} process.exit()`,
  'a look-up of a name': `require('node:dns').lookup('outside.invalid', () => {})`,
  'a promised look-up': `require('node:dns/promises').lookup('outside.invalid').catch(() => {})`,
  'a query of a name server': `const { Resolver } = require('node:dns'); const resolver = new Resolver();
    resolver.setServers(['192.0.2.53']); resolver.resolve4('outside.invalid', () => {})`,
}

test.each(Object.entries(attempts))('records %s, in a process of its own too', (_, script) => {
  expect(attemptsOf(script)).toContain(
    '192.0.2.|outside.invalid|2001:db8::1'.split('|').find((part) => script.includes(part)),
  )
})

test('allows connections within this machine', () => {
  const script = `
    const server = require('node:net').createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      require('node:net').connect(port, () => require('node:net').connect(port, '127.0.0.1', () => {
        fetch('http://localhost:' + port).catch(() => {}).finally(() => process.exit())
      }))
    })`
  expect(attemptsOf(script)).toBe('')
})

/** Returns the attempts that the guard recorded for a script. */
function attemptsOf(script: string): string {
  const folder = temporaryFolder('outside')
  const report = `${folder}/report`
  try {
    spawnSync(process.execPath, ['-e', script], {
      env: { ...process.env, FOCUS_TEST_OUTSIDE: report },
      timeout: 20_000,
    })
    return readFileSync(report, { encoding: 'utf8', flag: 'a+' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
