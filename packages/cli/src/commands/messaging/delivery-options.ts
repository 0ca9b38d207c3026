import { parseIsoTime } from '@focus-api/core/internal/light'
import { usageFailure } from '../../terminal/failure.ts'
import type { Json } from '../../remote/client.ts'

/** Flags of `focus notify` for the time, the frequency and the transports of a notification. */
export interface DeliveryFlags {
  readonly deliverAt?: string
  readonly expiresAt?: string
  readonly dedupe?: string
  readonly group?: string
  readonly groupTitle?: string
  readonly groupMessage?: string
  readonly rate?: string
  readonly rateKey?: string
  readonly critical?: boolean
  readonly transports?: string
  readonly escalate?: readonly string[]
}

type JsonObject = { readonly [key: string]: Json }

const duration = /^\d+(\.\d+)?(ms|s|m|h|d)$/
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Returns the fields of `POST /notifications` for the flags.
 *
 * @param now milliseconds since 1970, from which a duration counts
 * @throws CommandFailure `usage`
 */
export function readDelivery(flags: DeliveryFlags, now: number): JsonObject {
  const { deliverAt, expiresAt, dedupe, critical, transports, escalate } = flags
  return {
    ...(deliverAt === undefined ? {} : { deliver_at: moment('--deliver-at', deliverAt, now) }),
    ...(expiresAt === undefined ? {} : { expires_at: moment('--expires-at', expiresAt, now) }),
    ...(dedupe === undefined ? {} : { dedupe: keyAndWindow('--dedupe', dedupe) }),
    ...group(flags),
    ...rate(flags),
    ...(critical === undefined ? {} : { critical }),
    ...(transports === undefined ? {} : { transports: names('--transports', transports) }),
    ...(escalate === undefined ? {} : { escalate: escalate.map(escalation) }),
  }
}

function group({ group: text, groupTitle: title, groupMessage: message }: DeliveryFlags): JsonObject {
  if (text === undefined) {
    if (title === undefined && message === undefined) return {}
    throw usageFailure(`${title === undefined ? '--group-message' : '--group-title'} requires --group KEY.`)
  }
  return {
    group: {
      ...keyAndWindow('--group', text),
      ...(title === undefined ? {} : { title }),
      ...(message === undefined ? {} : { message }),
    },
  }
}

function rate({ rate: text, rateKey: key }: DeliveryFlags): JsonObject {
  if (text === undefined) {
    if (key === undefined) return {}
    throw usageFailure('--rate-key requires --rate LIMIT/WINDOW.')
  }
  const [, limit, window = '', overflow] = /^(\d+)\/([^:]*)(?::(drop|group|defer))?$/.exec(text) ?? []
  if (limit === undefined || !(Number(limit) >= 1 && Number(limit) <= 1_000) || !duration.test(window)) {
    throw usageFailure(
      `--rate: expected LIMIT/WINDOW, 1 to 1000 per duration, optionally with :drop, :group or :defer, got ${JSON.stringify(text)}.`,
      'For example: --rate 5/1h:defer',
    )
  }
  return {
    rate: {
      ...(key === undefined ? {} : { key }),
      limit: Number(limit),
      window,
      ...(overflow === undefined ? {} : { overflow }),
    },
  }
}

/** Splits a key from its window. A key may contain colons: only a last part that is a duration is the window. */
function keyAndWindow(name: string, text: string): JsonObject {
  const colon = text.lastIndexOf(':')
  const window = colon === -1 ? '' : text.slice(colon + 1)
  const parsed = duration.test(window) ? { key: text.slice(0, colon), window } : { key: text }
  if (parsed.key !== '') return parsed
  throw usageFailure(
    `${name}: expected KEY or KEY:WINDOW, got ${JSON.stringify(text)}.`,
    `For example: ${name} order-7:1h`,
  )
}

function moment(name: string, text: string, now: number): string {
  const time = duration.test(text) ? now + durationMs(text) : parseIsoTime(text, 'machine')
  if (time !== null && Number.isFinite(time) && Math.abs(time) <= 8.64e15) return new Date(time).toISOString()
  throw usageFailure(
    `${name}: expected an ISO 8601 time or a duration from now, got ${JSON.stringify(text)}.`,
    `For example: ${name} 2027-01-31T09:00:00Z, or ${name} 30m`,
  )
}

function durationMs(text: string): number {
  const [, amount = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? []
  return Number(amount) * (unitMs[unit] ?? Number.NaN)
}

function names(flag: string, text: string): readonly string[] {
  if (text === 'none') return []
  const found = text.split(',').map((name) => name.trim())
  if (found.every((name) => name !== '')) return found
  throw usageFailure(`${flag}: expected names separated by commas, or none, got ${JSON.stringify(text)}.`)
}

function escalation(text: string): JsonObject {
  const [, after = '', to] = /^([^:]*):(.+)$/.exec(text) ?? []
  if (to !== undefined && duration.test(after)) return { after, unless: 'read', to }
  throw usageFailure(
    `--escalate: expected AFTER:TRANSPORT, got ${JSON.stringify(text)}.`,
    'For example: --escalate 15m:email',
  )
}
