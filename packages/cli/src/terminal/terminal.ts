import type { styleText } from 'node:util'
import { ExitCode, toFailure } from './failure.ts'
import { plainJson, plainLines } from './plain-text.ts'

type Style = Parameters<typeof styleText>[0]

/** A stream that a terminal writes to, such as `process.stdout`. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

export interface TerminalOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether stdout contains JSON only: one document, or one per line. */
  readonly json: boolean
}

/**
 * The output of a command. Results go to stdout, as JSON or as text; messages go to stderr. Colours appear only on a
 * terminal, and never with `NO_COLOR`.
 */
export class Terminal {
  readonly json: boolean
  /** Whether stdout is a terminal. */
  readonly interactive: boolean
  /** Whether `FOCUS_DEBUG` is set: stacks of failures and traces of the library are shown. */
  readonly debugs: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #env: TerminalOptions['env']

  constructor({ stdout, stderr, env, json }: TerminalOptions) {
    this.json = json
    this.interactive = stdout.isTTY === true && env.TERM !== 'dumb' && !json
    this.debugs = (env.FOCUS_DEBUG ?? '') !== ''
    this.#stdout = stdout
    this.#stderr = stderr
    this.#env = env
  }

  /** Maximum number of characters per line; unlimited without a terminal, so that programs read whole lines. */
  get columns(): number {
    return this.interactive ? (this.#stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /**
   * Prints the command's result, or one line of a streamed result.
   *
   * @param text may contain styles; foreign text in it must have passed `plainText`
   */
  result(document: unknown, text: () => string): void {
    this.#stdout.write(`${this.json ? plainJson(document) : text()}\n`)
  }

  /** Writes raw text to stdout, for views that draw; does nothing with `--json`. */
  draw(text: string): void {
    if (!this.json) this.#stdout.write(text)
  }

  /** Prints a message, never a result. It may contain styles, like the text of a result. */
  note(message: string): void {
    this.#stderr.write(`${message}\n`)
  }

  warn(message: string): void {
    this.#stderr.write(`${this.styleError('yellow', 'warning:')} ${plainLines(message)}\n`)
  }

  /**
   * Prints the reason for a failure: a sentence and its hint on stderr, and with `--json` also
   * `{"ok":false,"error":{"code","message","hint"}}` on stdout. Returns the exit code.
   */
  fail(thrown: unknown): number {
    const failure = toFailure(thrown)
    if (failure.exitCode === ExitCode.interrupted) return failure.exitCode
    const { code, message, hint } = failure
    const sentence = plainLines(hint === undefined ? message : `${message}\n  ${hint}`)
    if (this.json) {
      this.#stdout.write(
        `${plainJson({ ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } })}\n`,
      )
    }
    this.#stderr.write(`${this.styleError('red', 'focus:')} ${sentence}\n`)
    if (this.debugs && failure.cause instanceof Error) {
      this.#stderr.write(`${plainLines(String(failure.cause.stack))}\n`)
    }
    return failure.exitCode
  }

  /** Reports on stderr that stdout cannot be written. Returns the exit code. */
  unwritable(error: Error): number {
    this.#stderr.write(
      `${this.styleError('red', 'focus:')} ${plainLines(`The output cannot be written: ${error.message}`)}\n`,
    )
    return ExitCode.failed
  }

  /** Applies a style for stdout. */
  style(style: Style, text: string): string {
    return paint(this.#stdout, this.#env, style, text)
  }

  /** Applies a style for stderr. */
  styleError(style: Style, text: string): string {
    return paint(this.#stderr, this.#env, style, text)
  }
}

/** Returns whether to use colours, by `NO_COLOR` and `FORCE_COLOR` (https://no-color.org). */
function paint(stream: OutputStream, env: TerminalOptions['env'], style: Style, text: string): string {
  if (env.NO_COLOR) return text
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  const coloured = forced || (stream.isTTY === true && env.TERM !== 'dumb' && env.FORCE_COLOR !== '0')
  if (!coloured) return text
  // Not by `import`, which loads everything that a property of the module refers to.
  return process.getBuiltinModule('node:util').styleText(style, text, { validateStream: false })
}
