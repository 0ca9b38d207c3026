import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Folder of the workspace. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A failure that is shown without a stack, because its message explains it. */
export class ExpectedError extends Error {
  expected = true
}

/**
 * Runs a program and collects its output.
 *
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { cwd = root, env = {}, stdio = 'pipe', shell = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, shell, env: { ...process.env, ...env }, stdio: ['ignore', stdio, stdio] })
    let output = ''
    child.stdout?.on('data', (bytes) => (output += bytes))
    child.stderr?.on('data', (bytes) => (output += bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Runs pnpm, which npm installs on demand; every Node comes with npm. */
export function pnpm(args, cwd = root) {
  const env = { npm_config_loglevel: 'error', npm_config_update_notifier: 'false', CI: 'true' }
  const npmArgs = ['exec', '--yes', '--prefer-offline', '--package=pnpm@12', '--', 'pnpm', ...args]
  const script = process.env.npm_execpath
  if (script && basename(script) === 'npm-cli.js') return run(process.execPath, [script, ...npmArgs], { cwd, env })
  return run('npm', npmArgs, { cwd, env, shell: process.platform === 'win32' })
}

/** Installs the dependencies unless pnpm's record of the last install equals the lockfile. */
export async function install() {
  const read = (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null)
  const isInstalled = () => read('node_modules/.pnpm/lock.yaml') === read('pnpm-lock.yaml')
  if (isInstalled()) return
  await exclusively(async () => {
    if (isInstalled()) return
    process.stderr.write('Installing dependencies …\n')
    const { code, output } = await pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'])
    if (code !== 0) throw new ExpectedError(`${output}\nThe dependencies could not be installed; see above.`)
  })
}

/**
 * Returns the Node that the workspace runs on: the one among its dependencies, or the one that runs npm if there is none or
 * with `FOCUS_WORKSPACE_NODE=system`.
 */
export function findNode() {
  const own = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (process.env.FOCUS_WORKSPACE_NODE !== 'system' && existsSync(own)) return realpathSync(own)
  const system = process.env.npm_node_execpath ?? process.execPath
  const version = spawnSync(system, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)
  const [major, minor] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) return system
  throw new ExpectedError(
    `Focus needs Node 22.12 or newer (this is ${version}), and npm could not install one: https://nodejs.org`,
  )
}

const lockFile = join(tmpdir(), `focus-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`)

/** Runs `work` while no other process installs or builds here: `npm start` and `npm test` may start at the same time. */
export async function exclusively(work) {
  while (!takeLock()) await delay(100)
  try {
    return await work()
  } finally {
    rmSync(lockFile, { force: true })
  }
}

function takeLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isLockHeld()) rmSync(lockFile, { force: true })
    return false
  }
}

/** Returns false for the lock of a process that was killed. */
function isLockHeld() {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'))
    // The file is empty for an instant between its creation and the write.
    if (owner > 0) process.kill(owner, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
