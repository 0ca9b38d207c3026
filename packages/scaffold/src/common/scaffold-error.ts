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
    { hint, kind = 'input', cause }: { hint: string; kind?: ScaffoldErrorKind; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.kind = kind
  }
}
