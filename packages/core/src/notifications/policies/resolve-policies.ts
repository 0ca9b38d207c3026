import { type Duration, durationMs } from '../../schema/duration.ts'
import { FocusError } from '../../common/errors.ts'
import { head } from '../../common/text/shorten.ts'
import { formatIcu } from '../catalogue/icu.ts'
import type { EntryGroup, EntryPolicies, EntryRate, MergedTexts } from '../log-entry-port.ts'
import type { Group, Policies, Rate } from './policy.ts'
import { isStorable } from '../../common/text/storable.ts'

const keyLength = 180

/**
 * Checks policies and resolves them for the log; returns null when there is none.
 *
 * @throws FocusError `invalid_notification`
 */
export function resolvePolicies(
  { dedupe, group, rate }: Policies,
  { event, locale, params }: { event: string | null; locale: string; params: MergedTexts['params'] },
): EntryPolicies | null {
  if (!dedupe && !group && !rate) return null
  return {
    dedupe: dedupe
      ? { key: policyKey('dedupe.key', dedupe.key), windowMs: windowMs('dedupe.window', dedupe.window ?? '1d') }
      : null,
    group: group ? resolveGroup(group, locale, params) : null,
    rate: rate ? resolveRate(rate, event) : null,
  }
}

function resolveGroup(
  { key, window, title, message }: Group,
  locale: string,
  params: MergedTexts['params'],
): EntryGroup {
  const merged = title !== undefined || message !== undefined
  return {
    key: policyKey('group.key', key),
    windowMs: windowMs('group.window', window ?? '1h'),
    merged: merged
      ? {
          title: icu('group.title', title, locale, params),
          message: icu('group.message', message, locale, params),
          locale,
          params,
        }
      : null,
  }
}

function resolveRate({ key, limit, window, overflow = 'drop' }: Rate, event: string | null): EntryRate {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw invalid('rate.limit: expected a whole number from 1 to 1,000.')
  }
  if (overflow !== 'drop' && overflow !== 'group' && overflow !== 'defer') {
    throw invalid('rate.overflow: expected drop, group or defer.')
  }
  return {
    key: key === undefined ? head(event ?? '', keyLength) : policyKey('rate.key', key),
    limit,
    windowMs: windowMs('rate.window', window),
    overflow,
  }
}

function policyKey(what: string, key: unknown): string {
  if (typeof key !== 'string' || key === '' || key.length > keyLength || !isStorable(key) || key.startsWith('\u0001')) {
    throw invalid(`${what}: expected a string of 1 to ${keyLength} characters.`)
  }
  return key
}

function windowMs(what: string, window: Duration): number {
  const ms = durationMs(what, window)
  if (ms > 0) return ms
  throw invalid(`${what}: must be longer than 0.`)
}

/** Fills the message once, so that a missing param fails this call, and not a later merge. */
function icu(what: string, message: string | undefined, locale: string, params: MergedTexts['params']): string | null {
  if (message === undefined) return null
  if (typeof message !== 'string' || !isStorable(message)) throw invalid(`${what}: is not valid Unicode text.`)
  try {
    formatIcu(message, locale, { ...params, count: 2 })
    return message
  } catch (error) {
    throw invalid(`${what}: is not an ICU message over count and the params (${(error as Error).message}).`)
  }
}

function invalid(message: string): FocusError {
  return new FocusError('invalid_notification', message, {
    hint: 'dedupe takes key and window, group key and window, rate limit, window and overflow.',
  })
}
