import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** The cores that this process may use, where processes can be kept on one and `BENCH_PINNING` is not `off`; otherwise empty. */
const pinnable = process.platform === 'linux' && process.env.BENCH_PINNING !== 'off' ? readCores() : []

/** Reads a list such as `0-3,8` of `taskset`. */
function readCores(): number[] {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  if (status !== 0) return []
  return (stdout.split(':').at(-1) ?? '').split(',').flatMap((part) => {
    const [first = 0, last = first] = part.trim().split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

interface StartOptions {
  readonly args?: readonly string[]
  /** The core that the process stays on: the first or the second of those that are there, so that client and server do not compete. */
  readonly core: 0 | 1 | null
  readonly onBun?: boolean
  /** A module that is loaded before the others. */
  readonly preload?: URL
}

/** Starts a module of the benchmark in a process of its own. */
export function startProcess(file: URL, { args = [], core, onBun = false, preload }: StartOptions): ChildProcess {
  const runtime = onBun
    ? [requireBun()]
    : [process.execPath, ...process.execArgv, '--expose-gc', ...(preload ? ['--import', preload.href] : [])]
  const pinned = core === null || pinnable.length < 2 ? undefined : pinnable[core]
  const [execPath = process.execPath, ...execArgv] =
    pinned === undefined ? runtime : ['taskset', '-c', String(pinned), ...runtime]
  return fork(file, [...args], { execPath, execArgv })
}

/**
 * Returns the path or name of Bun: the environment variable `BUN`, otherwise `bun` of the PATH. Null where it is not installed.
 *
 * @throws Error when `BUN` is set to something that does not run
 */
export function findBun(): string | null {
  const named = process.env.BUN
  const bun = named || 'bun'
  if (spawnSync(bun, ['--version']).status === 0) return bun
  if (named)
    throw new Error(
      `The environment variable BUN is "${named}", which does not run. It accepts the path of Bun's binary.`,
    )
  return null
}

function requireBun(): string {
  const path = findBun()
  if (path === null)
    throw new Error('Bun is not installed: it is neither in the PATH nor named by the environment variable BUN.')
  return path
}

/** Ends a process, and resolves when it has ended. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  if (child.connected) child.disconnect()
  else child.kill()
  await ended
}

/** Resolves with the next message of this kind; rejects when the process reports a failure or ends before. */
export function answerOf<Message extends { readonly op: string }, Op extends Message['op']>(
  child: ChildProcess,
  op: Op,
): Promise<Extract<Message, { op: Op }>> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (message: Message | { readonly op: 'failed'; readonly message: string }) => {
      if (message.op === 'failed' && 'message' in message) {
        stop()
        reject(new Error(message.message))
      } else if (message.op === op) {
        stop()
        resolve(message as Extract<Message, { op: Op }>)
      }
    }
    const onExit = (code: number | null) => {
      stop()
      reject(new Error(`A process of the benchmark ended with ${code} before it answered ${op}.`))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
