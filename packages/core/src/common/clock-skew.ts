/**
 * How far clocks of nodes may differ, in milliseconds. A stored moment that is further ahead than its kind can be was written
 * before a clock was set back, and must hold nobody until then.
 */
export const clockSkewMs = 60_000
