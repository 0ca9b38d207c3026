import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { buildPackages } from './build.mjs'
import { findNode, install, root } from './workspace.mjs'

/** Runs `focus dev` with the given arguments. Resolves with its exit code. */
export function start(args) {
  return runBuilt([join(root, 'packages/cli/bin/focus.mjs'), 'dev', ...args])
}

/** Runs the example in the current folder. Resolves with its exit code. */
export function example(args) {
  return runBuilt(['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args])
}

/** Installs and builds, then runs a program in the foreground and forwards signals to it. */
async function runBuilt(args) {
  await install()
  const node = findNode()
  await buildPackages({ node })
  // The program would report the variable as an unknown setting.
  const { FOCUS_WORKSPACE_NODE: _, ...env } = process.env
  const child = spawn(node, args, { stdio: 'inherit', env })
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the program as well; a second SIGINT would stop it at once.
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, forward)
  // A repeated signal must not end this process before the program.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)
  process.once('exit', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
