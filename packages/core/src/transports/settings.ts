import { FocusError } from '../errors.ts'
import type { TransportSettings } from './transport.ts'

/** The settings that an application may give a built-in transport, without the others of its options. */
export function driveSettings(options: TransportSettings, defaults: TransportSettings = {}): TransportSettings {
  const { concurrency, rate, timeoutMs, ordered, retry } = { ...defaults, ...options }
  return {
    ...(concurrency === undefined ? {} : { concurrency: positive('concurrency', concurrency) }),
    ...(rate === undefined
      ? {}
      : { rate: { count: positive('rate.count', rate.count), perMs: positive('rate.perMs', rate.perMs) } }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: positive('timeoutMs', timeoutMs) }),
    ...(ordered === undefined ? {} : { ordered }),
    ...(retry === undefined ? {} : { retry }),
  }
}

export function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw invalid(`${name}: expected a whole number of 1 or more, got ${JSON.stringify(value)}.`)
}

export function invalid(message: string, hint?: string): FocusError {
  return new FocusError('invalid_option', `transports: ${message}`, hint === undefined ? {} : { hint })
}
