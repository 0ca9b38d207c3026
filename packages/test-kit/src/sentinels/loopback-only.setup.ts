import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/**
 * Keeps every test on this machine: a connection, datagram or look-up of another machine fails, here and in each process that a test
 * starts, and so does the test file.
 */
const preload = new URL('./loopback-only.mjs', import.meta.url).href
const report = join(tmpdir(), `focus-outside-${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`)

process.env['FOCUS_TEST_OUTSIDE'] = report
if (!process.env['NODE_OPTIONS']?.includes(preload)) {
  process.env['NODE_OPTIONS'] = [process.env['NODE_OPTIONS'], `--import=${preload}`].filter(Boolean).join(' ')
}
await import(preload)

afterAll(() => {
  const attempts = readAttempts()
  if (attempts !== '') throw new Error(`A test would have left this machine:\n${attempts}`)
})

function readAttempts(): string {
  try {
    return readFileSync(report, 'utf8')
  } catch {
    return ''
  } finally {
    rmSync(report, { force: true })
  }
}
