import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import process from 'node:process'
import { root } from './root.mjs'

/**
 * Runs pnpm, which comes through npm, which every Node brings along.
 *
 * @returns {Promise<{ code: number | null, output: string }>} with what it printed on both streams
 */
export function pnpm(args, cwd = root) {
  const env = { ...process.env, npm_config_loglevel: 'error', npm_config_update_notifier: 'false', CI: 'true' }
  const npmArgs = ['exec', '--yes', '--prefer-offline', '--package=pnpm@12', '--', 'pnpm', ...args]
  const npmScript = process.env.npm_execpath
  const byScript = npmScript && basename(npmScript) === 'npm-cli.js'
  const [command, commandArgs] = byScript ? [process.execPath, [npmScript, ...npmArgs]] : ['npm', npmArgs]
  return new Promise((resolve, reject) => {
    const shell = !byScript && process.platform === 'win32'
    const child = spawn(command, commandArgs, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
