import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { CommandFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal
  /** The process environment over the folder's `.env`. */
  readonly env: Environment
  readonly cwd: string
  /** Aborted by SIGINT or SIGTERM: the command ends what it has under way. */
  readonly signal: AbortSignal
  /** For servers: the command goes on when whoever reads stdout has gone. */
  outliveReader(): void
}

/** The process environment, over the `.env` file of the folder where there is one. */
export function readEnvironment(cwd: string, processEnvironment: Environment): Environment {
  const path = join(cwd, '.env')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isFileMissing(error)) return processEnvironment
    throw new CommandFailure('unreadable_env', `The file ${path} cannot be read.`, {
      hint: 'Let the user who runs focus read it, or remove it.',
      cause: error,
    })
  }
  // Editors on Windows put a byte order mark in front, which would become part of the first name.
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
