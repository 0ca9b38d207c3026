import type { ChildProcess } from 'node:child_process'
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
  /** Resolves when the server is ready, and rejects before. */
  ready(): Promise<void>
  readonly startTimeoutMs?: number
  dispose(): void
}

/** Runs a program as a server and waits until it answers. The error contains its output if it does not. */
export async function runServer(definition: Definition): Promise<ServerProcess> {
  let child = await start(definition)
  return {
    port: definition.port,
    isRunning: () => !hasExited(child),
    async kill(signal = 'SIGKILL') {
      await endProcess(child, signal)
    },
    async restart() {
      await endProcess(child, 'SIGTERM')
      child = await start(definition)
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await endProcess(child, 'SIGKILL')
      definition.dispose()
    },
  }
}

/** Throws: a test must not end a server that the environment names. */
export function refuseToEnd(): never {
  throw new Error('This test ends its server: start it with `own: true`, so that it gets a private one.')
}

async function start(definition: Definition): Promise<ChildProcess> {
  const { command, args, folder, startTimeoutMs = 30_000 } = definition
  const logFile = join(folder, 'output.log')
  const log = createWriteStream(logFile, { flags: 'a' })
  const child = spawnBound(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder })
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
