/**
 * Tolerated difference between the clocks of nodes, in milliseconds. A stored time that is further in the future was
 * written before a clock was set back, and must not be waited for.
 */
export const clockSkewMs = 60_000
