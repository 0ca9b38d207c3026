import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { CommandFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The context of every command. */
export interface CommandContext {
  readonly terminal: Terminal
  /** The process environment, with the folder's `.env` as a fallback. */
  readonly env: Environment
  readonly cwd: string
  /** Aborted by SIGINT or SIGTERM: the command then stops its work. */
  readonly signal: AbortSignal
  /** For servers: the command continues when the reader of stdout has gone. */
  outliveReader(): void
}

/** Returns the process environment, with the `.env` file of the folder as a fallback. */
export function readEnvironment(cwd: string, processEnvironment: Environment): Environment {
  const path = join(cwd, '.env')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isFileMissing(error)) return processEnvironment
    throw new CommandFailure('unreadable_env', `The file ${path} cannot be read.`, {
      hint: 'Make it readable for the user who runs focus, or remove it.',
      cause: error,
    })
  }
  // Editors on Windows write a byte order mark, which would become part of the first name.
  return { ...parseEnv(text.replace(/^\uFEFF/, '')), ...withoutUndefined(processEnvironment) }
}

export function isFileMissing(error: unknown): boolean {
  return hasCode(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

export function hasCode(error: unknown): error is Error & { code: string } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string'
}

function withoutUndefined(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
}
