/** Where the cause of an error is: `input` in the repository or the options, `failure` outside of them. */
export type ScaffoldErrorKind = 'input' | 'failure'

/**
 * Thrown when a repository cannot be scaffolded. The message names the problem and the hint one action that solves it.
 * Unless the code is `write_failed`, the repository is unchanged.
 */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError'
  /** Stable; for programs. */
  readonly code: string
  readonly hint: string
  readonly kind: ScaffoldErrorKind

  constructor(
    code: string,
    message: string,
    options: { readonly hint: string; readonly kind?: ScaffoldErrorKind; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.kind = options.kind ?? 'input'
  }
}
