import type { ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { buildPackages } from '../../../../scripts/build.mjs'
import { endProcess, hasExited, spawnBound } from '../processes/child.ts'
import { secretsIn } from '../sentinels/log-sentinel.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'

const command = resolve(import.meta.dirname, '../../../cli/bin/focus.mjs')

/** A running `focus dev`, started as on a developer's machine. */
export interface FocusDev {
  /** Such as `http://127.0.0.1:41234`. */
  readonly url: string
  readonly adminKey: string
  /** The embedded OpenID provider. */
  readonly issuer: string
  /** The folder of its data; a later `startFocusDev({ data })` continues with it. */
  readonly data: string
  readonly process: ChildProcess
  /** Returns the output so far. */
  stderr(): string
  /** Sends a signal and resolves with the exit code, or null when the signal ended the process. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Stops the server and removes its data. */
  stop(): Promise<void>
}

interface FocusDevOptions {
  readonly data?: string
  readonly env?: NodeJS.ProcessEnv
  readonly args?: readonly string[]
}

/** Starts `focus dev` on a free port and resolves when it reports that it is ready. */
export async function startFocusDev(options: FocusDevOptions = {}): Promise<FocusDev> {
  await buildPackages()
  const data = options.data ?? temporaryFolder('dev')
  const child = spawnFocus(['dev', '--port', '0', '--data', data, '--json', ...(options.args ?? [])], options.env)
  let errors = ''
  child.stderr?.on('data', (bytes: Buffer) => (errors += bytes.toString()))
  const ready = await readReadyLine(child, () => errors)
  return {
    url: ready.url.replace(/\/$/, ''),
    adminKey: ready.admin_key,
    issuer: ready.issuer,
    data,
    process: child,
    stderr: () => errors,
    async end(signal = 'SIGTERM') {
      await endProcess(child, signal)
      refuseSecrets(errors)
      return child.exitCode
    },
    async stop() {
      await endProcess(child, 'SIGKILL')
      removeFolder(data)
      refuseSecrets(errors)
    },
  }
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `focus …` to its end. */
async function runFocus(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  await buildPackages()
  const child = spawnFocus(args, env)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
  child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

/** Runs `focus … --json` against a server and resolves with the printed JSON. */
export async function focusJson(server: FocusDev, args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runFocus([...args, '--json'], reach(server))
  if (code !== 0) throw new Error(`focus ${args.join(' ')} ended with ${code}:\n${stderr}`)
  return JSON.parse(stdout)
}

/** The environment that lets the command reach a server. */
export function reach(server: FocusDev): NodeJS.ProcessEnv {
  return { FOCUS_URL: server.url, FOCUS_ADMIN_KEY: server.adminKey }
}

function spawnFocus(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawnBound(process.execPath, [command, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Not in the workspace, because its .env must not be read.
    cwd: import.meta.dirname,
  })
}

/** S28: throws if the output of the server contains a secret. */
function refuseSecrets(output: string): void {
  const found = secretsIn(output)
  if (found.length > 0) throw new Error(`S28: focus dev wrote a secret, ${found.join(' and ')}:\n${output}`)
}

/** Without the settings of the developer who runs the tests. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(FOCUS_|GOOGLE_|OAUTH_|WEBSOCKET_|DATABASE_URL$|REDIS_URL$|PORT$|SMTP_URL$|SLACK_WEBHOOK|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

async function readReadyLine(
  child: ChildProcess,
  errors: () => string,
): Promise<{ url: string; admin_key: string; issuer: string }> {
  if (!child.stdout) throw new Error('focus dev has no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    // Discard later output; otherwise the pipe would fill up and block the server.
    child.stdout.resume()
    return JSON.parse(line)
  }
  const end = hasExited(child) ? `ended with ${child.exitCode ?? child.signalCode}` : 'closed its output'
  throw new Error(`focus dev ${end} before it was ready:\n${errors()}`)
}
