import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { FocusOptions } from '@focus-api/core'
import { endProcess, hasExited, spawnBound } from '../processes/child.ts'
import { freePort } from '../servers/ports.ts'
import type { NodeArguments } from './node-process.ts'
import { TcpProxy } from './tcp-proxy.ts'

export const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'
export const secret = 'a-secret-of-a-test-that-is-long-enough-for-all'

export interface NodeOptions {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  /** Puts a proxy between the node and each of its servers, for partitions. */
  readonly isProxied: boolean
  readonly drainMs: number
  /** Further options of `createFocus`. */
  readonly options: FocusOptions
}

/** One node of a cluster: a process of its own, which keeps its port and its proxies when it starts again. */
export class ClusterNode {
  readonly name: string
  readonly url: string
  /** The proxies to the database and to Redis; null without. */
  readonly database: TcpProxy | null
  readonly redis: TcpProxy | null
  readonly #arguments: NodeArguments
  #process: ChildProcess | null = null
  #output = ''

  private constructor(name: string, options: NodeArguments, database: TcpProxy | null, redis: TcpProxy | null) {
    this.name = name
    this.url = `http://127.0.0.1:${options.port}/api`
    this.database = database
    this.redis = redis
    this.#arguments = options
  }

  /** Prepares a node; `start` starts it. */
  static async prepare(name: string, settings: NodeOptions): Promise<ClusterNode> {
    const { databaseUrl, redisUrl, isProxied, drainMs, options } = settings
    // Several hosts need no partitions: they are lost for good.
    const database = isProxied && URL.canParse(databaseUrl) ? await proxyTo(databaseUrl) : null
    // Sentinels and clusters name the addresses of their servers themselves.
    const redis = isProxied && redisUrl?.startsWith('redis://') ? await proxyTo(redisUrl) : null
    const env = {
      DATABASE_URL: throughProxy(databaseUrl, database),
      ...(redisUrl !== null && { REDIS_URL: throughProxy(redisUrl, redis) }),
    }
    const port = await freePort()
    const all: FocusOptions = { adminKey, secret, ...options }
    return new ClusterNode(name, { port, drainMs, env, options: all }, database, redis)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get isRunning(): boolean {
    return this.#process !== null && !hasExited(this.#process)
  }

  /** Everything that the node wrote to stderr: its log. */
  get output(): string {
    return this.#output
  }

  /** Resolves when the node serves. */
  async start(): Promise<void> {
    const child = spawnBound(
      process.execPath,
      ['--conditions=@focus-api/source', resolve(import.meta.dirname, 'node-process.ts'), this.#argument()],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#process = child
    const { stdout, stderr } = child
    if (!stdout || !stderr) throw new Error('The streams of the node are pipes.')
    stderr.on('data', (chunk) => (this.#output = (this.#output + String(chunk)).slice(-200_000)))
    await Promise.race([
      once(createInterface(stdout), 'line'),
      once(child, 'exit').then(() =>
        Promise.reject(new Error(`${this.name} did not start:\n${this.#output.slice(-4_000)}`)),
      ),
    ])
  }

  /** Ends the process as a power cut does. */
  async kill(): Promise<void> {
    if (this.#process) await endProcess(this.#process, 'SIGKILL')
  }

  /** Stops the process without ending it (`SIGSTOP`); `thaw` continues it. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends the process as a deployment does: it drains its clients first. Returns its exit code. */
  async leave(): Promise<number | null> {
    if (!this.#process) return null
    await endProcess(this.#process, 'SIGTERM')
    return this.#process.exitCode
  }

  /** Sends a request with the admin key. Rejects when no answer came in time. */
  admin(path: string, body?: object, init: { key?: string; timeoutMs?: number } = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${adminKey}`,
        'content-type': 'application/json',
        ...(init.key !== undefined && { 'idempotency-key': init.key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(init.timeoutMs ?? 5_000),
    })
  }

  /** Sends a request with the access token of a user. */
  as(token: string, path: string, method = 'GET', timeoutMs = 5_000): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    })
  }

  /** Ends the process and its proxies. */
  async close(): Promise<void> {
    this.thaw()
    await this.kill()
    await Promise.all([this.database?.close(), this.redis?.close()])
  }

  #argument(): string {
    return JSON.stringify(this.#arguments)
  }
}

async function proxyTo(url: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(url)
  return TcpProxy.start({ host: hostname, port: Number(port) })
}

function throughProxy(url: string, proxy: TcpProxy | null): string {
  if (!proxy) return url
  const changed = new URL(url)
  changed.host = `127.0.0.1:${proxy.port}`
  return changed.href
}
