// Clones the repository into a temporary folder and runs `npm start` until it serves the page; with `--test` also `npm test`.
// Prints how long each took. Uncommitted changes are not part of the clone.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { root } from './workspace.mjs'

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

function report(name, milliseconds) {
  process.stdout.write(`${name}: ${(milliseconds / 1_000).toFixed(1)} s\n`)
}

async function startUntilServed() {
  const startedAt = Date.now()
  const child = spawn('npm', ['start', '--silent', '--', '--port', '0', '--json'], {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const { url } = JSON.parse(await firstLine(child.stdout))
    const { status } = await fetch(url)
    if (status !== 200) throw new Error(`${url} answered ${status}.`)
    return Date.now() - startedAt
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('npm start ended before it served the page.')
}

async function runTests() {
  const startedAt = Date.now()
  const child = spawn('npm', ['test', '--silent'], { cwd: clone, stdio: 'inherit' })
  const code = await new Promise((resolve) => child.once('exit', resolve))
  report('npm test', Date.now() - startedAt)
  return code ?? 1
}
