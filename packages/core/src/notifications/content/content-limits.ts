/** Limits of the parts of a notification. */
export const contentLimits = {
  /** Bytes of `data` as JSON. */
  dataBytes: 16_384,
  /** Nested lists and objects of `data`, itself included. */
  dataDepth: 64,
  /** Lengths in UTF-16 code units. */
  titleLength: 500,
  messageLength: 8_000,
  typeLength: 64,
  eventLength: 191,
} as const
