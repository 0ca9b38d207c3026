import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { FocusOptions } from '@focus-api/core'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'

const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'
const secret = 'a-secret-of-a-test-that-is-long-enough-for-all'

/** A node of Focus in a separate process. */
export class Node {
  readonly process: ChildProcess
  readonly url: string
  readonly port: number

  private constructor(process: ChildProcess, port: number) {
    this.process = process
    this.port = port
    this.url = `http://127.0.0.1:${port}/api`
  }

  static async start(options: FocusOptions & { drainMs?: number }): Promise<Node> {
    const file = resolve(import.meta.dirname, 'node-process.ts')
    const child = spawnBound(
      process.execPath,
      ['--conditions=@focus-api/source', file, JSON.stringify({ adminKey, secret, ...options })],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    if (!child.stdout) throw new Error('The node has no output')
    const [line]: string[] = await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`the node ended with ${code}`))),
    ])
    const { port }: { port: number } = JSON.parse(line ?? '')
    return new Node(child, port)
  }

  /** Returns an access token for an existing user. */
  async token(user: string): Promise<string> {
    const answer = await this.admin('/admin/token', { user })
    const { access_token: token }: { access_token: string } = await answer.json()
    return token
  }

  async notify(userId: number, title: string): Promise<void> {
    const answer = await this.admin('/notifications', {
      user_id: userId,
      notification_type: 'info',
      title,
      message: 'm',
    })
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  }

  async stats(): Promise<{ active_users: number; active_connections: number }> {
    return (await this.admin('/ws/stats')).json()
  }

  admin(path: string, body?: object): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Kills the process, as a power cut does. */
  kill(): Promise<void> {
    return endProcess(this.process, 'SIGKILL')
  }

  /** Sends SIGTERM and resolves with the exit code. */
  async leave(): Promise<number | null> {
    await endProcess(this.process, 'SIGTERM')
    return this.process.exitCode
  }
}
