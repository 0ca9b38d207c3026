import { resolve } from 'node:path'
import { buildPackages } from '../../../scripts/build.mjs'
import { spawnBound } from '@focus-api/test-kit/processes/child'

export const bin = resolve(import.meta.dirname, '../bin/focus.mjs')

export interface RunOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Ends the process with this signal as soon as the text has appeared on stdout or stderr. */
  readonly endAt?: { readonly text: string; readonly signal: NodeJS.Signals }
  /** Presses keys once the text has appeared; for a command that has a terminal. */
  readonly pressAt?: { readonly text: string; readonly keys: string }
  /** Closes stdout after the first line, like `head -1`. */
  readonly readsOneLine?: boolean
  /** Path of `script`: gives the command a terminal, and copies the terminal's output to stdout. */
  readonly terminal?: string
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command like a user, in a separate folder and without the settings of the test environment. */
export async function focus(
  args: readonly string[],
  { cwd, env = {}, endAt, pressAt, readsOneLine, terminal }: RunOptions,
): Promise<Run> {
  await buildPackages()
  const command = [process.execPath, bin, ...args]
  const [program = '', ...operands] =
    terminal === undefined ? command : [terminal, '--quiet', '--return', '--command', command.join(' '), '/dev/null']
  const child = spawnBound(program, operands, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: [pressAt === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let pressed = false
  const look = () => {
    if (endAt !== undefined && (stdout + stderr).includes(endAt.text)) child.kill(endAt.signal)
    if (pressAt !== undefined && !pressed && stdout.includes(pressAt.text)) {
      pressed = true
      child.stdin?.write(pressAt.keys)
    }
  }
  child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes.toString()
    if (readsOneLine && stdout.includes('\n')) child.stdout?.destroy()
    look()
  })
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
    look()
  })
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, stdout, stderr }
}

/** The error document that `--json` prints. */
export function errorOf({ stdout }: Run): { code: string; message: string; hint?: string } {
  const document: { ok: boolean; error: { code: string; message: string; hint?: string } } = JSON.parse(stdout)
  if (document.ok) throw new Error(`not an error document: ${stdout}`)
  return document.error
}
