import type { ChildProcess } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { endProcess, hasExited, spawnBound } from '@focus-api/test-kit/processes/child'

/** Milliseconds that a node may take to start. */
const START_MS = 30_000

/** A node in its own process, always on the same port. */
export class ClusterNode {
  readonly port: number
  readonly #env: NodeJS.ProcessEnv
  #process: ChildProcess | null = null

  constructor(port: number, env: NodeJS.ProcessEnv) {
    this.port = port
    this.#env = { ...process.env, ...env, PORT: String(port), HOST: '127.0.0.1' }
  }

  /** Starts the process and resolves when the node is ready. */
  async start(): Promise<void> {
    const file = new URL('node.ts', import.meta.url).pathname
    const flags = [...process.execArgv, '--disable-warning=ExperimentalWarning']
    const child = spawnBound(process.execPath, [...flags, file], {
      env: this.#env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    this.#process = child
    const deadline = performance.now() + START_MS
    while (!(await this.#isReady())) {
      if (hasExited(child)) throw new Error(`The node on port ${this.port} ended with ${child.exitCode}.`)
      if (performance.now() > deadline) throw new Error(`The node on port ${this.port} is not ready after 30 s.`)
      await delay(50)
    }
  }

  /** Drains the node, ends it, and resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#process === null) return null
    await endProcess(this.#process, 'SIGTERM')
    return this.#process.exitCode
  }

  #isReady(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.port}/api/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
}
