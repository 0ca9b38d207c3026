import { round } from '../statistics.ts'
import type { CheckedTarget, Measurement } from './figures.ts'

/** Returns `focus: 1.1 × socket.io`, or `focus: 3.5 ms` for absolute values. */
export function describeRatio({ of, to, measured }: CheckedTarget, unit: string): string {
  return to === null ? `${of}: ${readable(measured)} ${unit}` : `${of}: ${readable(measured)} × ${to}`
}

export function describeBound({ to, kind, bound }: CheckedTarget, unit: string): string {
  return `${kind === 'at least' ? '≥' : '≤'} ${bound} ${to === null ? unit : '×'}`
}

/** Large numbers need no decimals. */
export function readable(value: number): string {
  if (Number.isNaN(value)) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(round(value))
}

/** Returns the name and variant as a part of a file name. */
export function slugOf({ name, variant }: Pick<Measurement, 'name' | 'variant'>): string {
  const all = variant === '' ? name : `${name} ${variant}`
  return all
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
