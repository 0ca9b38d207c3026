/** A start for manual clocks that is aligned with every window, in milliseconds since 1970. */
export const newYear2030 = Date.UTC(2030, 0, 1)
