import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { processTree } from '@focus-api/test-kit/processes/processes'

/** A program as it is started. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** Milliseconds of one unit in `/proc/<pid>/stat`. */
const tickMs = 10

/** Runs a program several times to its end. Returns the milliseconds of processor time of one run, with all its threads. */
export function cpuOfRuns({ command, args, cwd, env }: Program, runs: number): number {
  const before = cpuOfEndedChildren()
  for (let run = 0; run < runs; run += 1) {
    const { status, stderr } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${String(stderr)}`)
  }
  return (cpuOfEndedChildren() - before) / runs
}

/**
 * Starts a server and waits for its first line. Returns the milliseconds of processor time until then, of all processes that
 * the program started, and ends them.
 */
export async function cpuUntilReady({ command, args, cwd, env }: Program): Promise<number> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    await firstLine(child, ended)
    return processTree(child.pid ?? 0).reduce((sum, pid) => sum + cpuOf(pid), 0)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

async function firstLine(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const printed = child.stdout === null ? ended : once(child.stdout, 'data')
  await Promise.race([
    printed,
    ended.then(() => {
      throw new Error(`${child.spawnargs.join(' ')} ended before it was ready.`)
    }),
  ])
}

/** Of a running process, its threads, and its children that have ended. A process that ends meanwhile counts as nothing. */
function cpuOf(pid: number): number {
  const [user, system, childUser, childSystem] = times(pid)
  return user + system + childUser + childSystem
}

/** The kernel sums exact times, so that ticks matter once for all runs. */
function cpuOfEndedChildren(): number {
  const [, , user, system] = times('self')
  return user + system
}

/** Reads `utime`, `stime`, `cutime` and `cstime`, proc(5), in milliseconds. */
function times(pid: number | 'self'): [number, number, number, number] {
  let line: string
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    if (pid === 'self') throw new Error('This benchmark reads processor times from /proc, which only Linux has.')
    return [0, 0, 0, 0]
  }
  // The name of the program, in brackets, may contain spaces.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields
    .slice(11, 15)
    .map((each) => Number(each) * tickMs)
  return [user, system, childUser, childSystem]
}
