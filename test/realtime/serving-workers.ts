import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cleanEnvironment } from '@focus-api/test-kit/focus/focus-dev'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'
import { processTree } from '@focus-api/test-kit/processes/processes'
import { buildPackages } from '../../scripts/build.mjs'

const command = join(import.meta.dirname, '../../packages/cli/bin/focus.mjs')
const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'

/** A line of the log of `focus serve`. */
export interface LogLine {
  readonly msg: string
  readonly [field: string]: unknown
}

export interface ServeDocument {
  readonly port: number
  readonly workers: number
}

/** A running `focus serve --workers`, started like by a supervisor. */
export class ServingWorkers {
  readonly process: ChildProcess
  readonly document: ServeDocument
  readonly url: string
  readonly log: LogLine[]

  private constructor(process: ChildProcess, document: ServeDocument, log: LogLine[]) {
    this.process = process
    this.document = document
    this.url = `http://127.0.0.1:${document.port}/api`
    this.log = log
  }

  /** @param secret of the nodes that share the database */
  static async start(
    workers: number,
    { database, secret, drainSeconds = 0 }: { database: string; secret: string; drainSeconds?: number },
  ): Promise<ServingWorkers> {
    await buildPackages()
    const flags = ['--port', '0', '--host', '127.0.0.1', '--drain', String(drainSeconds), '--workers', String(workers)]
    const child = spawnBound(process.execPath, [command, 'serve', '--json', ...flags], {
      env: {
        ...cleanEnvironment(),
        DATABASE_URL: database,
        FOCUS_SECRET: secret,
        FOCUS_ADMIN_KEY: adminKey,
        FOCUS_PUBLIC_URL: 'http://127.0.0.1',
        FOCUS_NODE: 'web',
        OAUTH_ENABLED: 'False',
      },
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (!child.stdout || !child.stderr) throw new Error('The server has no output')
    const log: LogLine[] = []
    createInterface(child.stderr).on('line', (line) => log.push(JSON.parse(line)))
    for await (const line of createInterface(child.stdout)) {
      child.stdout.resume()
      return new ServingWorkers(child, JSON.parse(line), log)
    }
    throw new Error(`focus serve ended: ${JSON.stringify(log)}`)
  }

  /** Process ids of the workers. */
  workerPids(): number[] {
    return processTree(Number(this.process.pid)).slice(1)
  }

  async admin(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: body ? 'POST' : 'GET',
      // Each request is a new connection, so that it reaches any worker.
      headers: {
        authorization: `Bearer ${adminKey}`,
        'content-type': 'application/json',
        connection: 'close',
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Returns an access token for an existing user. */
  async token(user: string): Promise<string> {
    const answer = await this.admin('/admin/token', { user })
    const { access_token: token }: { access_token: string } = await answer.json()
    return token
  }

  /** Sends a notification, again if the worker that was asked is killed. */
  async notify(userId: number, title: string): Promise<void> {
    const body = { user_id: userId, notification_type: 'info', title, message: 'm' }
    const key = randomUUID()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await this.admin('/notifications', body, { 'idempotency-key': key })
        if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
        return
      } catch (error) {
        if (attempt === 5) throw error
      }
    }
  }

  async metrics(): Promise<string> {
    const answer = await this.admin('/metrics')
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
    return answer.text()
  }

  /** Returns the values of a metric by worker; null for a worker that did not answer. */
  async byWorker(name: string): Promise<(number | null)[]> {
    const text = await this.metrics()
    return Array.from({ length: this.document.workers }, (_, index) => {
      const value = new RegExp(`^${name}\\{worker="${index + 1}"\\} (\\S+)$`, 'm').exec(text)?.[1]
      return value === undefined ? null : Number(value)
    })
  }

  /** Sends a signal to the primary process only, and resolves with its exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    await endProcess(this.process, signal)
    return this.process.exitCode
  }
}
