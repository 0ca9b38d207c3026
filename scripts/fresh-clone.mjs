// What a newcomer sees: clones the repository into a temporary folder, runs `npm start` until the page is served, ends it, and
// with `--test` runs `npm test` there. Says how long each took. What is not committed is not in the clone.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { root } from './root.mjs'

const folder = mkdtempSync(join(tmpdir(), 'focus-clone-'))
const clone = join(folder, 'focus')

try {
  const { status } = spawnSync('git', ['clone', '--quiet', root, clone], { stdio: 'inherit' })
  if (status !== 0) throw new Error('The repository could not be cloned.')
  report('cold npm start, to a served page', await startUntilServed())
  report('warm npm start, to a served page', await startUntilServed())
  if (process.argv.includes('--test')) process.exitCode = await runTests()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function report(what, milliseconds) {
  process.stdout.write(`${what}: ${(milliseconds / 1_000).toFixed(1)} s\n`)
}

async function startUntilServed() {
  const began = Date.now()
  const child = spawn('npm', ['start', '--silent', '--', '--port', '0', '--json'], {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const { url } = JSON.parse(await firstLine(child.stdout))
    const { status } = await fetch(url)
    if (status !== 200) throw new Error(`${url} answered ${status}.`)
    return Date.now() - began
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('npm start ended before it served.')
}

async function runTests() {
  const began = Date.now()
  const child = spawn('npm', ['test', '--silent'], { cwd: clone, stdio: 'inherit' })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  report('npm test', Date.now() - began)
  return code ?? 1
}
