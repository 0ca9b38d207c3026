/** A failure that its message explains: it is shown without a stack. */
export class ExpectedError extends Error {
  expected = true
}
