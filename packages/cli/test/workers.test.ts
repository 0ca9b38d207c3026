import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'
import { isRunning, processTree } from '@focus-api/test-kit/processes/processes'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { sharedMetrics } from '../src/workers/merge-metrics.ts'
import { bin, errorOf, focus } from './command.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

const adminKey = 'an-admin-key-for-tests'

/** Creates a folder with complete settings, except those given. */
function configured(settings: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder('workers')
  const all = {
    DATABASE_URL: `sqlite:${join(folder, 'focus.db')}`,
    FOCUS_PUBLIC_URL: 'https://focus.example',
    FOCUS_SECRET: 'a-secret-that-is-long-enough-for-tests',
    FOCUS_ADMIN_KEY: adminKey,
    OAUTH_ENABLED: 'False',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(folder, '.env'), lines.join(''))
  return folder
}

const local = ['--port', '0', '--host', '127.0.0.1', '--drain', '0', '--json']

async function occupiedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => void server.once('listening', resolve))
  cleanups.push(() => new Promise((resolve) => void server.close(resolve)))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('focus serve --workers', () => {
  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('prints one document, and ends with %s by %i', async (signal, code) => {
    const run = await focus(['serve', '--workers', '2', ...local], {
      cwd: configured(),
      endAt: { text: '"workers"', signal },
    })
    expect(run.code).toBe(code)
    expect(JSON.parse(run.stdout)).toMatchObject({ url: 'https://focus.example', port: expect.any(Number), workers: 2 })
    const ended = run.stderr.split('\n').filter((line) => line.includes('"ended"'))
    expect(new Set(ended.map((line) => JSON.parse(line).worker))).toEqual(new Set([1, 2]))
  })

  test('FOCUS_WORKERS=auto is one worker for each core, and the flag overrides it', async () => {
    const folder = configured({ FOCUS_WORKERS: 'auto' })
    const endAt = { text: '"workers"', signal: 'SIGTERM' } as const
    const auto = await focus(['serve', ...local], { cwd: folder, endAt })
    expect(JSON.parse(auto.stdout).workers).toBe(availableParallelism())
    const one = await focus(['serve', '--workers', '1', ...local], { cwd: folder, endAt })
    expect(JSON.parse(one.stdout).workers).toBe(1)
    expect(one.stderr).not.toMatch(/"worker"|FOCUS_WORKERS/)
  })

  test.each([
    { flags: ['--workers', '0'], code: 'usage', says: '--workers: expected a whole number from 1 to 128 or auto' },
    { flags: ['--worker', '1'], code: 'usage', says: '--worker: only `focus serve --workers` itself may pass it.' },
    {
      flags: ['--workers', '2'],
      env: { DATABASE_URL: 'sqlite::memory:' },
      code: 'invalid_option',
      says: 'DATABASE_URL: an in-memory SQLite database belongs to one process',
    },
    {
      flags: ['--workers', '2'],
      env: { FOCUS_LOCALE: 'nonsense' },
      code: 'invalid_option',
      says: 'FOCUS_LOCALE: expected',
    },
    {
      flags: ['--workers', '2'],
      env: { DATABASE_URL: 'mysql://root@127.0.0.1:1/focus' },
      code: 'storage_unavailable',
      says: '127.0.0.1:1',
    },
  ])('$flags with $env fails once: $says', async ({ flags, env = {}, code, says }) => {
    const run = await focus(['serve', ...local, ...flags], { cwd: configured(env) })
    expect(errorOf(run)).toMatchObject({ code, message: expect.stringContaining(says) })
    expect(run.code).toBe(code === 'usage' ? 2 : 1)
    expect(run.stderr.match(/^focus: /gm)).toHaveLength(1)
  })

  test('a taken port fails once', async () => {
    const port = await occupiedPort()
    const run = await focus(['serve', '--workers', '2', ...local, '--port', String(port)], { cwd: configured() })
    expect(errorOf(run)).toMatchObject({ code: 'port_taken', message: expect.stringContaining(String(port)) })
    expect(run.code).toBe(1)
    expect(run.stderr.match(/^focus: /gm)).toHaveLength(1)
  })

  test('a worker that cannot start ends the others, and its sentence is printed once', async () => {
    const folder = configured()
    writeFileSync(
      join(folder, 'focus.config.mjs'),
      "if (process.argv.at(-1) === '2') throw new Error('not here')\nexport default {}",
    )
    const run = await focus(['serve', '--workers', '2', ...local], { cwd: folder })
    expect(run.code).toBe(1)
    expect(errorOf(run)).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('cannot be loaded: not here'),
    })
    expect(run.stderr.match(/^focus: /gm)).toHaveLength(1)
    expect(run.stderr.match(/"msg":"ended"/g)).toHaveLength(1)
  })

  test('a worker that ends without a reason before it serves is named', async () => {
    const folder = configured()
    writeFileSync(
      join(folder, 'focus.config.mjs'),
      "if (process.argv.includes('--worker')) process.exit(7)\nexport default {}",
    )
    const run = await focus(['serve', '--workers', '2', ...local], { cwd: folder })
    expect(errorOf(run)).toMatchObject({ code: 'worker_ended', message: 'Worker 1 ended (7) before it was ready.' })
  })
})

describe('GET /metrics', () => {
  test('speaks for all workers, and for those that do not answer', { timeout: 60_000 }, async () => {
    const { url, child } = await serving()
    const metrics = async () => {
      const answer = await fetch(`${url}/api/metrics`, { headers: { authorization: `Bearer ${adminKey}` } })
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
      return answer.text()
    }
    expect((await fetch(`${url}/api/metrics`)).status).toBe(401)
    const all = await metrics()
    expect(all).toContain('focus_realtime_connections{worker="1"} 0\nfocus_realtime_connections{worker="2"} 0\n')
    expect(all).toContain('focus_worker_up{worker="1"} 1\nfocus_worker_up{worker="2"} 1\n')
    assertFamiliesAreWhole(all)
    const ofAllNodes = [...all.matchAll(/^# HELP (\S+) .*(?:all nodes|cluster)/gm)].map(([, name]) => name)
    expect(ofAllNodes.length).toBeGreaterThan(0)
    expect([...sharedMetrics]).toEqual(expect.arrayContaining(ofAllNodes))

    const [, stopped = 0] = processTree(Number(child.pid))
    process.kill(stopped, 'SIGSTOP')
    cleanups.push(() => process.kill(stopped, 'SIGKILL'))
    // The stopped worker listens too, and answers none of its connections.
    const left = await Promise.any(Array.from({ length: 16 }, metrics))
    expect(left).toMatch(/^focus_worker_up\{worker="\d"\} 0$/m)
    assertFamiliesAreWhole(left)
  })

  test('a second SIGTERM ends all processes, though a worker does not answer', async () => {
    const { child } = await serving()
    const [, stopped = 0, other = 0] = processTree(Number(child.pid))
    process.kill(stopped, 'SIGSTOP')
    cleanups.push(() => isRunning(stopped) && process.kill(stopped, 'SIGKILL'))
    child.kill('SIGTERM')
    await expect.poll(() => isRunning(other)).toBe(false)
    // Repetitions within a second are one wish.
    const repeating = setInterval(() => child.kill('SIGTERM'), 300)
    cleanups.push(() => clearInterval(repeating))
    await expect.poll(() => child.exitCode).toBe(130)
    process.kill(stopped, 'SIGCONT')
    await expect.poll(() => isRunning(stopped)).toBe(false)
  })
})

async function serving() {
  const child = spawnBound(process.execPath, [bin, 'serve', '--workers', '2', ...local], {
    cwd: configured(),
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  cleanups.push(() => endProcess(child, 'SIGKILL'))
  const line = await new Promise((resolve) => void child.stdout?.once('data', resolve))
  const { port } = JSON.parse(String(line))
  return { child, url: `http://127.0.0.1:${port}` }
}

/** Prometheus refuses a metric that is described twice, or whose samples do not follow each other. */
function assertFamiliesAreWhole(document: string): void {
  const described = [...document.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name)
  expect(new Set(described).size).toBe(described.length)
  let current = ''
  for (const line of document.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))) {
    const [, name] = /^# TYPE (\S+)/.exec(line) ?? []
    if (name !== undefined) current = name
    else expect(line).toMatch(new RegExp(`^${current}(?:_bucket|_sum|_count)?(?:\\{[^{}]*\\})? \\S+$`))
  }
}
