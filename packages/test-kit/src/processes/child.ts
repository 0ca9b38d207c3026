import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { findBinary } from '../servers/binaries.ts'

const running = new Set<ChildProcess>()
const setpriv = process.platform === 'linux' ? findBinary('setpriv') : null

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a program that ends with this process: this process kills it at its own end and, on Linux, the kernel does so if
 * this process is killed.
 */
export function spawnBound(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = setpriv
    ? spawn(setpriv, ['--pdeathsig', 'KILL', command, ...args], options)
    : spawn(command, args, options)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Sends `signal` and resolves when the process has ended. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasExited(child) || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}
