import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { buildPackages } from '../../scripts/build.mjs'
import { client } from '../auth/provider.ts'
import { HttpClient } from './http-client.ts'
import type { Credentials, Scene, TargetName } from './scene.ts'
import { signIn } from './sign-in.ts'

const adminKey = 'the-admin-key-of-the-benchmark-of-abuse'
const seededNotifications = 2_000

export interface Target {
  readonly scene: Scene
  readonly process: ChildProcess
  /** Returns the last lines of the server's output, for error messages. */
  output(): string
  close(): Promise<void>
}

const canPin = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0

/** The server has one core, and all other processes have the other, so that the load does not slow the server down. */
function pinned(core: 0 | 1, command: string, args: readonly string[]): [string, string[]] {
  return canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]]
}

/** Starts a server on a new database, with two signed-in users: an attacker and a normal user. */
export async function startTarget(target: TargetName, issuer: string): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), `focus-abuse-${target}-`))
  const { child, port, output } = await (target === 'focus' ? startFocus : startPeers)(issuer, folder)
  const http = new HttpClient(port)
  try {
    const attacker = await enrol(target, http, issuer, 'mallory', '198.51.100.9')
    const victim = await enrol(target, http, issuer, 'victim')
    if (target === 'focus') await seed(http, attacker.userId)
    return {
      scene: { target, port, issuer, adminKey, attacker, victim },
      process: child,
      output,
      async close() {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL')
          await once(child, 'exit')
        }
        rmSync(folder, { recursive: true })
      },
    }
  } finally {
    http.close()
  }
}

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly output: () => string
}

/** Starts `focus serve` like an operator, behind a local proxy. */
async function startFocus(issuer: string, folder: string): Promise<Started> {
  await buildPackages()
  writeFileSync(
    join(folder, 'focus.config.mjs'),
    `export default ${JSON.stringify({
      google: { clientId: client.id, clientSecret: client.secret, redirectUri: client.redirectUri, issuer },
    })}\n`,
  )
  const command = resolve(import.meta.dirname, '../../packages/cli/bin/focus.mjs')
  const [program, args] = pinned(0, process.execPath, [
    command,
    'serve',
    '--port',
    '0',
    '--host',
    '127.0.0.1',
    '--json',
  ])
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      FOCUS_PUBLIC_URL: 'https://app.example',
      FOCUS_SECRET: 'a-secret-of-the-benchmark-that-is-long-enough',
      FOCUS_ADMIN_KEY: adminKey,
      FOCUS_TRUSTED_PROXIES: 'loopback',
      DATABASE_URL: `sqlite:${join(folder, 'focus.db')}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = lastLines(child)
  if (!child.stdout) throw new Error('focus serve has no output.')
  const [line]: string[] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`focus serve ended with ${code}:\n${output()}`))),
  ])
  const { port }: { port: number } = JSON.parse(line ?? '')
  return { child, port, output }
}

async function startPeers(issuer: string, folder: string): Promise<Started> {
  const child = fork(join(import.meta.dirname, 'peers-process.ts'), [JSON.stringify({ issuer, folder })], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production' },
  })
  if (canPin) spawnSync('taskset', ['-a', '-cp', '0', String(child.pid)])
  const output = lastLines(child)
  const [{ port }] = await Promise.race([
    once(child, 'message') as Promise<[{ port: number }]>,
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the peers ended with ${code}:\n${output()}`))),
  ])
  return { child, port, output }
}

function lastLines(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (bytes: Buffer) => (text = (text + bytes.toString()).slice(-4_000)))
  return () => text
}

async function enrol(target: TargetName, http: HttpClient, issuer: string, loginHint: string, address?: string) {
  const { headers, token } = await signIn(target, http, issuer, loginHint, address)
  const path = target === 'focus' ? '/api/auth/me' : '/api/auth/get-session'
  const { status, body } = await http.ask({ method: 'GET', path, headers })
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`)
  const me = JSON.parse(body) as { id?: number; user?: { id: string } }
  return { userId: String(me.id ?? me.user?.id), headers, token } satisfies Credentials
}

/** Fills an inbox with notifications of a realistic size. */
async function seed(http: HttpClient, userId: string): Promise<void> {
  for (let index = 0; index < seededNotifications; index += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, each) =>
        http.ask({
          method: 'POST',
          path: '/api/notifications',
          headers: { authorization: `Bearer ${adminKey}`, 'x-forwarded-for': '203.0.113.99' },
          body: JSON.stringify({
            user_id: Number(userId),
            notification_type: 'info',
            title: `Notification ${index + each}`,
            message: 'A sentence as an application would write it, of about this length.',
            data: { index: index + each },
          }),
        }),
      ),
    )
  }
}
