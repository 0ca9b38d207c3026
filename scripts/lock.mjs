import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { root } from './root.mjs'

const file = join(tmpdir(), `focus-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`)

/** Runs `work` while no other process installs or builds in this folder: `npm start` and `npm test` may begin at once. */
export async function exclusively(work) {
  while (!take()) await delay(100)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isHeld()) rmSync(file, { force: true })
    return false
  }
}

/** False for what a process left behind that was killed. */
function isHeld() {
  try {
    const owner = Number(readFileSync(file, 'utf8'))
    // Empty for the moment between creation and writing.
    if (owner > 0) process.kill(owner, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
