import { createRequire, syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import workerThreads, {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  type WorkerOptions,
} from 'node:worker_threads'

/**
 * Counts the statements that better-sqlite3 runs in all threads of this process, if it is loaded with `--import`. The threads share
 * one counter, and each thread that is started loads this module first.
 */
const key = 'focus-bench-statements'
const isPreloaded = process.execArgv.includes(import.meta.url)
const methods = ['run', 'get', 'all', 'iterate'] as const

if (isPreloaded) start()

/** Returns the statements so far; 0 unless they are counted. */
export function countedStatements(): number {
  const counter = getEnvironmentData(key)
  return counter instanceof SharedArrayBuffer ? Atomics.load(new Int32Array(counter), 0) : 0
}

function start(): void {
  if (isMainThread) {
    setEnvironmentData(key, new SharedArrayBuffer(4))
    countInThreads()
  }
  countHere(new Int32Array(getEnvironmentData(key) as unknown as SharedArrayBuffer))
}

function countInThreads(): void {
  const { Worker } = workerThreads
  workerThreads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      super(file, { ...options, execArgv: ['--import', import.meta.url] })
    }
  }
  syncBuiltinESMExports()
}

function countHere(counter: Int32Array): void {
  // The core has its own reference to the driver.
  const core = createRequire(fileURLToPath(new URL('../../packages/core/package.json', import.meta.url)))
  const Database = core('better-sqlite3')
  const database = new Database(':memory:')
  const statement = Object.getPrototypeOf(database.prepare('select 1'))
  database.close()
  for (const method of methods) wrap(statement, method, counter)
  wrap(Database.prototype, 'exec', counter)
}

function wrap(owner: Record<string, (...args: unknown[]) => unknown>, method: string, counter: Int32Array): void {
  const original = owner[method]
  if (!original) throw new Error(`better-sqlite3 has no method ${method}.`)
  owner[method] = function counted(...args: unknown[]) {
    Atomics.add(counter, 0, 1)
    return original.apply(this, args)
  }
}
