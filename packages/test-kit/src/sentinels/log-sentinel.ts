import { inspect } from 'node:util'
import type { Logger } from '@focus-api/core'

/** The form of tokens, codes, states, verifiers, tickets and keys: 32 random bytes, or a JWT. */
const shapes: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43,}/g,
  /\bBearer\s+(?!\*|<|…|\[)\S{8,}/gi,
  /[?&](?:code|state|token|ticket|code_verifier|focus_code|refresh_token)=[^&\s"'[*…]{8,}/g,
]

/** Returns every part of a text that looks like a secret or is one of `known`. */
export function secretsIn(text: string, known: Iterable<string> = []): string[] {
  const shaped = shapes.flatMap((shape) => [...text.matchAll(shape)].map(([match]) => match))
  return [...shaped, ...[...known].filter((secret) => text.includes(secret))]
}

/** A logger that looks for secrets in its lines, causes and nested fields included (S28). */
export interface LogSentinel {
  readonly logger: Logger
  readonly lines: readonly string[]
  /** Lines that contain a secret, by its form or because it is one of `known`. */
  leaks(known?: Iterable<string>): string[]
}

export function createLogSentinel(): LogSentinel {
  const lines: string[] = []
  const write = (level: keyof Logger) => (message: string, fields?: Record<string, unknown>) =>
    void lines.push(
      `${level} ${message} ${inspect(fields, { depth: 12, maxStringLength: null, breakLength: Infinity })}`,
    )
  return {
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    lines,
    leaks: (known = []) => lines.filter((line) => secretsIn(line, known).length > 0),
  }
}
