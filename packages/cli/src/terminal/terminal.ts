import { styleText } from 'node:util'
import { ExitCode, toFailure } from './failure.ts'
import { plainJson, plainLines } from './plain-text.ts'

type Style = Parameters<typeof styleText>[0]

/** What a terminal writes to; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): boolean
}

export interface TerminalOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** One JSON document (or one per line) on stdout, and nothing else. */
  readonly json: boolean
}

/**
 * Where a command speaks. Results go to stdout, as JSON or as text for people; messages go to stderr. Colours appear only
 * on a terminal, and never with `NO_COLOR`.
 */
export class Terminal {
  readonly json: boolean
  /** stdout is a terminal that a person looks at. */
  readonly interactive: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #env: TerminalOptions['env']

  constructor({ stdout, stderr, env, json }: TerminalOptions) {
    this.json = json
    this.interactive = stdout.isTTY === true && env.TERM !== 'dumb' && !json
    this.#stdout = stdout
    this.#stderr = stderr
    this.#env = env
  }

  /** Characters that a line may have; no bound where nobody looks, so that programs find whole lines. */
  get columns(): number {
    return this.interactive ? (this.#stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /**
   * The command's result, or one line of it where it streams.
   *
   * @param text may be styled: what is in it of others has gone through `plainText`
   */
  result(document: unknown, text: () => string): void {
    this.#stdout.write(`${this.json ? plainJson(document) : text()}\n`)
  }

  /** Raw text on stdout, for views that draw; nothing with `--json`. */
  draw(text: string): void {
    if (!this.json) this.#stdout.write(text)
  }

  /** A message for the person, never a result. It may be styled, as the text of a result. */
  note(message: string): void {
    this.#stderr.write(`${message}\n`)
  }

  warn(message: string): void {
    this.#stderr.write(`${this.styleError('yellow', 'warning:')} ${plainLines(message)}\n`)
  }

  /**
   * Says why the command failed: a sentence and its hint on stderr, and with `--json` also
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
    if (this.#env.FOCUS_DEBUG && failure.cause instanceof Error) {
      this.#stderr.write(`${plainLines(String(failure.cause.stack))}\n`)
    }
    return failure.exitCode
  }

  /** Says that stdout takes no more, on stderr alone. Returns the exit code. */
  unwritable(error: Error): number {
    this.#stderr.write(
      `${this.styleError('red', 'focus:')} ${plainLines(`The output cannot be written: ${error.message}`)}\n`,
    )
    return ExitCode.failed
  }

  /** Styled for stdout. */
  style(style: Style, text: string): string {
    return paint(this.#stdout, this.#env, style, text)
  }

  /** Styled for stderr. */
  styleError(style: Style, text: string): string {
    return paint(this.#stderr, this.#env, style, text)
  }
}

/** `NO_COLOR` and `FORCE_COLOR` as https://no-color.org has them. */
function paint(stream: OutputStream, env: TerminalOptions['env'], style: Style, text: string): string {
  if (env.NO_COLOR) return text
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  const coloured = forced || (stream.isTTY === true && env.TERM !== 'dumb' && env.FORCE_COLOR !== '0')
  return coloured ? styleText(style, text, { validateStream: false }) : text
}
