import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { logLine } from '../src/common/logging/default-logger.ts'

/** Runs a program with the library in a separate process, whose streams no test runner captures. */
async function run(program: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const source = `import { createFocus } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}\n${program}`
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { stdout, stderr }
}

const started = (options: string) => `
  const focus = await createFocus({ database: 'sqlite::memory:', ...${options} })
  await focus.close()`

const misspelt = `env: { REDIS_URL: 'redis://127.0.0.1:6379', FOCUS_PUBLIC_URI: 'https://app.example' }`

describe('the logger of applications that pass none', () => {
  test('A25: an unused REDIS_URL and a misspelt variable are one line each on stderr', async () => {
    const { stdout, stderr } = await run(started(`{ ${misspelt} }`))
    expect(stdout).toBe('')
    expect(stderr.trimEnd().split('\n')).toEqual([
      'focus warning: FOCUS_PUBLIC_URI is not a setting of Focus and is ignored; did you mean FOCUS_PUBLIC_URL?',
      expect.stringMatching(/^focus warning: REDIS_URL is set, but /),
    ])
  })

  test('A25: `logger: false` writes nothing', async () => {
    expect(await run(started(`{ ${misspelt}, logger: false }`))).toEqual({ stdout: '', stderr: '' })
  })

  test('A25: a parked pending notification is logged with its code', async () => {
    const { stderr } = await run(`
      const { Kysely, SqliteDialect } = await import(${JSON.stringify(import.meta.resolve('kysely'))})
      const { default: Database } = await import(${JSON.stringify(import.meta.resolve('better-sqlite3'))})
      const { error } = console
      const told = new Promise((resolve) => (console.error = (line) => resolve(error(line))))
      const db = new Kysely({ dialect: new SqliteDialect({ database: new Database(':memory:') }) })
      const focus = await createFocus({ database: db, env: {}, secret: 's'.repeat(32) })
      await focus.notifications.transaction(db, (_, inside) => inside.notifyUser({ userId: 404, title: 'T', message: 'M' }))
      await told
      await focus.close()
      await db.destroy()`)
    expect(stderr).toMatch(
      /^focus error: A waiting notification cannot be sent and is parked \{.*"unknown_user".*\}\n$/,
    )
  })

  test('A25: a line is one line, in which a terminal finds nothing to obey', () => {
    const line = logLine('warning', 'a\u001b[2J\nb', { who: 'c\u009b2J\nd', error: new Error('no'), big: 1n })
    expect(line).toBe(
      String.raw`focus warning: a\u{1b}[2J b {"who":"c\u009b2J\nd","error":{"name":"Error","message":"no"},"big":"1"}`,
    )
  })

  test('A25: fields without a JSON form do not stop the caller', () => {
    const ring: Record<string, unknown> = {}
    ring['self'] = ring
    expect(logLine('error', 'm', ring)).toBe('focus error: m {"fields":["self"],"unreadable":true}')
  })
})
