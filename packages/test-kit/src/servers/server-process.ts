import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endProcess, hasExited, spawnBound } from '../processes/child.ts'

/** A server of a test, on its own port and in its own folder. */
export interface ServerProcess {
  readonly port: number
  isRunning(): boolean
  /** Ends the process with a signal, by default `SIGKILL` as in a crash. `restart` uses the same data and port. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts the server again on the same data and port; ends it first if it runs. */
  restart(): Promise<void>
  /** Freezes the process (`SIGSTOP`): connections stay open without answers. `resume` continues it. */
  pause(): void
  resume(): void
  /** Stops the server and removes its folder. */
  stop(): Promise<void>
}

interface Definition {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  readonly folder: string
  /** The user that the program runs as; that of this process when absent. */
  readonly user?: Pick<SpawnOptions, 'uid' | 'gid'>
  /** Sends a signal to the processes that the program started, for servers that have more than one. */
  readonly signalOthers?: (parent: number, signal: NodeJS.Signals) => void
  /** The signal that ends the program in an orderly way; `SIGTERM` when absent. */
  readonly endSignal?: NodeJS.Signals
  /** Resolves when the server is ready, and rejects before. */
  ready(): Promise<void>
  readonly startTimeoutMs?: number
  dispose(): void
}

/** Runs a program as a server and waits until it answers. The error contains its output if it does not. */
export async function runServer(definition: Definition): Promise<ServerProcess> {
  let child = await start(definition)
  const { endSignal = 'SIGTERM' } = definition
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined) definition.signalOthers?.(child.pid, name)
    child.kill(name)
  }
  const end = async (name: NodeJS.Signals) => {
    if (name === 'SIGKILL' && !hasExited(child) && child.pid !== undefined) definition.signalOthers?.(child.pid, name)
    await endProcess(child, name)
  }
  return {
    port: definition.port,
    isRunning: () => !hasExited(child),
    kill: (name = 'SIGKILL') => end(name),
    async restart() {
      await end(endSignal)
      child = await start(definition)
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async stop() {
      await end('SIGKILL')
      definition.dispose()
    },
  }
}

/** Throws: a test must not end a server that the environment names. */
export function refuseToEnd(): never {
  throw new Error('This test ends its server: start it with `own: true`, so that it gets a private one.')
}

async function start(definition: Definition): Promise<ChildProcess> {
  const { command, args, folder, user, startTimeoutMs = 30_000 } = definition
  const logFile = join(folder, 'output.log')
  const log = createWriteStream(logFile, { flags: 'a' })
  const child = spawnBound(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder, ...user })
  child.stdout?.pipe(log, { end: false })
  child.stderr?.pipe(log, { end: false })
  child.once('exit', () => log.end())
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    try {
      await definition.ready()
      return child
    } catch (error) {
      if (hasExited(child) || Date.now() > deadline) {
        await endProcess(child, 'SIGKILL')
        throw new Error(`${command} did not start:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`, { cause: error })
      }
    }
    await delay(10)
  }
}

/** Sends `request` to a local port and resolves with the first bytes of the answer. */
export function exchange(port: number, request: string, timeoutMs = 1_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      if (request !== '') socket.write(request)
    })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`Nothing came from port ${port} in ${timeoutMs} ms.`)))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`Port ${port} closed the connection without an answer.`)))
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1'))
      socket.destroy()
    })
  })
}
