import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'

/** Runs a program in the foreground. Signals pass on to it, so that it has the last word on how it ends. */
export function runToEnd(command, args) {
  // The choice of Node is made; to the server the variable would be a setting that it does not know.
  const { FOCUS_NODE: _, ...env } = process.env
  const child = spawn(command, args, { stdio: 'inherit', env })
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the program as well as to us; a second one would mean "now!".
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, forward)
  // What comes again must not end us before the program has ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)
  process.once('exit', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
