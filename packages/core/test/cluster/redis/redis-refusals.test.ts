import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort, startRedis, startTlsRedis } from '@focus-api/test-kit/servers/servers'
import { exchange } from '@focus-api/test-kit/servers/server-process'
import { createFocus } from '../../../src/index.ts'
import { openRedisBroker, Warnings } from '../support/redis.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup()
})

async function server(...args: string[]): Promise<number> {
  const redis = await startRedis({ own: true, args })
  cleanups.push(() => redis.stop())
  return redis.port
}

async function refusalAt(url: string): Promise<unknown> {
  return openRedisBroker({ url }).then(
    (broker) => broker.close(),
    (error: unknown) => error,
  )
}

describe('the start is refused with a sentence of its own', () => {
  test('without the password, and with a wrong one', async () => {
    const at = `127.0.0.1:${await server('--requirepass', 'open-sesame')}`
    expect(await refusalAt(`redis://${at}`)).toMatchObject({
      code: 'invalid_option',
      message: `REDIS_URL: Redis at ${at} requires a password.`,
      hint: expect.stringContaining('redis://user:password@host'),
    })
    expect(await refusalAt(`redis://:wrong-word@${at}`)).toMatchObject({
      code: 'invalid_option',
      message: `REDIS_URL: Redis at ${at} refuses the user name or password.`,
      hint: expect.not.stringContaining('wrong-word'),
    })
    const broker = await openRedisBroker({ url: `redis://:open-sesame@${at}` })
    expect(broker.connected).toBe(true)
    await broker.close()
  })

  test('for a user that may not use the channels; without scripts it works', async () => {
    const port = await server()
    const rules = 'on >secret resetchannels +@all'
    await exchange(port, `ACL SETUSER silent ${rules}\r\n`)
    await exchange(port, `ACL SETUSER plain ${rules} &focus:* -@scripting -info\r\n`)
    expect(await refusalAt(`redis://silent:secret@127.0.0.1:${port}`)).toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(/^REDIS_URL: Redis at \S+ does not permit what Focus needs: .*channel/),
      hint: expect.stringContaining('&focus:*'),
    })
    const broker = await openRedisBroker({ url: `redis://plain:secret@127.0.0.1:${port}` })
    expect(broker.connected).toBe(true)
    await broker.close()
  })

  test('for a database that does not exist, and a server that is not of a Cluster', async () => {
    const port = await server()
    expect(await refusalAt(`redis://127.0.0.1:${port}/99`)).toMatchObject({
      message: expect.stringContaining('does not have the database that REDIS_URL names.'),
    })
    expect(await refusalAt(`redis+cluster://127.0.0.1:${port}`)).toMatchObject({
      message: `REDIS_URL: Redis at 127.0.0.1:${port} is not a node of a Redis Cluster.`,
    })
    // A Redis that is no Sentinel does not know the command.
    expect(await refusalAt(`redis+sentinel://127.0.0.1:${port}/main`)).toMatchObject({
      message: `REDIS_URL: The server at 127.0.0.1:${port} is not a Sentinel.`,
    })
  })

  test('for rediss:// at a port of another protocol', async () => {
    const http = createServer((_, response) => response.end())
    await once(http.listen(0, '127.0.0.1'), 'listening')
    cleanups.push(async () => http.close())
    const { port } = http.address() as AddressInfo
    expect(await refusalAt(`rediss://127.0.0.1:${port}`)).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(`The server at 127.0.0.1:${port} does not speak TLS`),
    })
  })

  test('for `broker: redis` without an address', async () => {
    await expect(
      createFocus({ database: 'sqlite::memory:', broker: 'redis', env: {}, logger: false }),
    ).rejects.toMatchObject({ code: 'invalid_option', hint: expect.stringContaining('REDIS_URL') })
  })
})

describe('TLS', () => {
  test('a certificate of an unknown authority is refused, and accepted with NODE_EXTRA_CA_CERTS', async () => {
    const redis = await startTlsRedis()
    cleanups.push(() => redis.stop())
    expect(openInChild(redis.url, {})).toMatch(
      /^REDIS_URL: The certificate of Redis at localhost:\d+ is not trusted \(\w+\)\. Set NODE_EXTRA_CA_CERTS/,
    )
    const trusted = { NODE_EXTRA_CA_CERTS: redis.certificates.authority }
    expect(openInChild(redis.url, trusted)).toBe('connected true')
    // A plain connection is closed by the server: it may be a restart, so the start goes on.
    expect(openInChild(redis.url.replace('rediss', 'redis'), trusted)).toBe('connected false')
  })
})

test('without the package, the start is refused with the command that installs it', () => {
  const hook = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name === 'redis') throw new Error("Cannot find package 'redis'")
        return next(name, context)
      },
    })`
  expect(openInChild('redis://127.0.0.1:1', {}, hook)).toBe(
    'REDIS_URL needs the package redis, which cannot be loaded. Run `npm install redis`.',
  )
})

/** NODE_EXTRA_CA_CERTS counts only at the start of a process. */
function openInChild(url: string, env: NodeJS.ProcessEnv, before = ''): string {
  const module = new URL('../support/redis.ts', import.meta.url).href
  const program = `${before}
    const { openRedisBroker } = await import(${JSON.stringify(module)})
    try {
      const broker = await openRedisBroker({ url: ${JSON.stringify(url)} })
      console.log('connected', broker.connected)
      await broker.close()
    } catch ({ message, hint }) {
      console.log(message, hint)
    }`
  const options = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', env: { ...process.env, ...env } })
  return stdout.trim() || stderr
}

test('without Redis the start goes on with one warning, and Redis is used when it comes', async () => {
  const port = await freePort()
  const logger = new Warnings()
  const broker = await openRedisBroker({ url: `redis://127.0.0.1:${port}`, logger })
  cleanups.push(() => broker.close())
  expect(broker.connected).toBe(false)
  await broker.subscribe('1')
  const redis = await startRedis({ own: true, port })
  cleanups.push(() => redis.stop())
  await expect.poll(() => broker.connected).toBe(true)
  expect(logger.lines).toEqual([
    expect.stringMatching(/^Redis is away; .*: Nothing listens at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\.$/),
    expect.stringMatching(/^Redis is back after \d+\.\d s;/),
  ])
})
