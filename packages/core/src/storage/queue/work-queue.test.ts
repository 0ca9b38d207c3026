import { expect, test } from 'vitest'
import type { FocusError } from '../../common/errors.ts'
import { WorkQueue } from './work-queue.ts'
import type { WorkClass } from './work-class.ts'

class Item {
  readonly kind: WorkClass
  readonly bytes: number
  readonly patient: boolean
  refusal: FocusError | null = null

  constructor(kind: WorkClass, bytes = 10, patient = false) {
    this.kind = kind
    this.bytes = bytes
    this.patient = patient
  }

  refuse(error: FocusError): void {
    this.refusal = error
  }
}

const limits = { count: 100, bytes: 10_000, ageMs: 60_000 }

function fill(queue: WorkQueue<Item>, kind: WorkClass, count: number): void {
  for (let n = 0; n < count; n += 1) queue.add(kind, new Item(kind))
}

test('V1: a class at its limit is refused at once with Retry-After, and leaves room for the others', () => {
  const queue = new WorkQueue<Item>('test', limits)
  fill(queue, 'background', 100)
  expect(() => queue.add('background', new Item('background'))).toThrow(
    expect.objectContaining({ code: 'overloaded', status: 503, retryAfterSeconds: 5 }),
  )
  fill(queue, 'interactive', 100)
  expect(queue.length).toBe(200)
  expect(queue.state().find(({ kind }) => kind === 'background')).toMatchObject({
    count: 100,
    bytes: 1_000,
    refused: { count: 1, bytes: 0, age: 0 },
  })
})

test('V1: bytes are limited as well as counts, and taking work makes room again', () => {
  const queue = new WorkQueue<Item>('test', limits)
  queue.add('delivery', new Item('delivery', 9_000))
  expect(() => queue.add('delivery', new Item('delivery', 2_000))).toThrow(
    expect.objectContaining({ code: 'overloaded' }),
  )
  queue.take()
  queue.add('delivery', new Item('delivery', 2_000))
  expect(queue.length).toBe(1)
})

test('V1: work that has waited too long is refused and not taken', async () => {
  const queue = new WorkQueue<Item>('test', { ...limits, ageMs: 20 })
  const old = new Item('background')
  queue.add('background', old)
  // No call to take(): the queue itself refuses the work.
  await expect.poll(() => old.refusal?.code, { timeout: 5_000 }).toBe('overloaded')
  expect(queue.take()).toBeNull()
  expect(queue.state().find(({ kind }) => kind === 'background')?.refused.age).toBe(1)
})

test('work whose callers have a longer limit of their own is not refused for its age', async () => {
  const queue = new WorkQueue<Item>('test', { ...limits, ageMs: 20 })
  const [batch, old] = [new Item('delivery', 10, true), new Item('delivery')]
  queue.add('delivery', batch)
  queue.add('delivery', old)
  await expect.poll(() => old.refusal?.code, { timeout: 5_000 }).toBe('overloaded')
  expect(batch.refusal).toBeNull()
  expect(queue.take()).toBe(batch)
})

test('V2: classes take turns by their shares, so that a full class does not delay the others', () => {
  const queue = new WorkQueue<Item>('test', limits)
  fill(queue, 'background', 100)
  for (let n = 0; n < 50; n += 1) queue.take()
  queue.add('interactive', new Item('interactive'))
  expect(queue.take()?.kind).toBe('interactive')

  fill(queue, 'interactive', 40)
  fill(queue, 'delivery', 40)
  const kinds = Array.from({ length: 26 }, () => queue.take()?.kind)
  const count = (kind: WorkClass) => kinds.filter((taken) => taken === kind).length
  expect([count('interactive'), count('delivery'), count('background')]).toEqual([16, 8, 2])
})

test('work of one class is taken in its order', () => {
  const queue = new WorkQueue<Item>('test', limits)
  const items = [new Item('delivery'), new Item('delivery'), new Item('delivery')]
  for (const item of items) queue.add('delivery', item)
  expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([...items, null])
})
