import { availableParallelism } from 'node:os'
import type { Slice } from '../harness/arena.ts'
import { median } from '../statistics.ts'
import type { CheckedTarget, Measurement, Row, Target } from './figures.ts'

/** Results of each contestant, in the order of the slices. */
export type Slices = ReadonlyMap<string, readonly Pick<Slice, 'perSecond' | 'cpuMicroseconds'>[]>

type Frame = Pick<Measurement, 'name' | 'variant' | 'title' | 'unit'> & {
  readonly isQuick: boolean
  readonly targets?: readonly Target[]
  readonly details?: (contestant: string) => Row['details']
}

/** Describes a run whose contestants are compared by operations per second. */
export function measurementOf(frame: Frame, slices: Slices): Measurement {
  const rows = [...slices].map(([contestant, own]): Row => {
    const values = own.map(({ perSecond }) => perSecond)
    return {
      contestant,
      value: median(values),
      lowest: Math.min(...values),
      highest: Math.max(...values),
      cpuMicroseconds: median(own.map(({ cpuMicroseconds }) => cpuMicroseconds)),
      details: frame.details?.(contestant) ?? {},
    }
  })
  const values = new Map([...slices].map(([name, own]) => [name, own.map(({ perSecond }) => perSecond)]))
  return completed(frame, 'higher', rows, values)
}

/** Describes a run of values of any unit, of which lower ones are better. */
export function costsOf(frame: Frame, costs: ReadonlyMap<string, readonly number[]>): Measurement {
  const rows = [...costs].map(
    ([contestant, values]): Row => ({
      contestant,
      value: median(values),
      lowest: Math.min(...values),
      highest: Math.max(...values),
      cpuMicroseconds: null,
      details: frame.details?.(contestant) ?? {},
    }),
  )
  return completed(frame, 'lower', rows, costs)
}

function completed(
  { name, variant, title, unit, isQuick, targets = [] }: Frame,
  isBetter: Measurement['isBetter'],
  rows: readonly Row[],
  values: ReadonlyMap<string, readonly number[]>,
): Measurement {
  const checked = targets.flatMap((target): CheckedTarget[] => {
    const own = values.get(target.of)
    const peer = target.to === null ? own?.map(() => 1) : values.get(target.to)
    if (!own || !peer) return []
    const measured = median(own.map((value, slice) => value / (peer[slice] ?? Number.NaN)))
    return [
      { ...target, measured, isMet: target.kind === 'at least' ? measured >= target.bound : measured <= target.bound },
    ]
  })
  return {
    name,
    variant,
    title,
    unit,
    isBetter,
    slices: Math.max(...[...values.values()].map((own) => own.length)),
    rows,
    targets: checked,
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: availableParallelism(), node: process.version, system: `${process.platform} ${process.arch}` },
    isQuick,
  }
}
