/** Thrown for a URL or an IP address that this server must not call. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
  readonly code = 'EFORBIDDENADDRESS'
}

/** Thrown for a host name without an address, or when no name server answered in time. */
export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError'
}

/** Thrown when a request was sent completely and no answer came. The peer may have processed it. */
export class UnansweredRequestError extends Error {
  override readonly name = 'UnansweredRequestError'
}

/** Thrown when the body of an answer is larger than the caller accepts. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError'
  readonly maxBytes: number

  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes.`)
    this.maxBytes = maxBytes
  }
}
