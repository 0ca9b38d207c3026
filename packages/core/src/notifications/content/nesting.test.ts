import { expect, test } from 'vitest'
import { isNestedDeeperThan } from './nesting.ts'

test.each<[string, number]>([
  ['7', 0],
  ['null', 0],
  ['{}', 1],
  ['[[]]', 2],
  ['{"a":[1,{"b":2}],"c":[]}', 3],
  ['['.repeat(1_000) + ']'.repeat(1_000), 1_000],
])('%.30s is %i deep', (json, depth) => {
  const value: unknown = JSON.parse(json)
  expect(isNestedDeeperThan(depth, value)).toBe(false)
  if (depth > 0) expect(isNestedDeeperThan(depth - 1, value)).toBe(true)
})

test('circular values are too deep, and shared values are visited once', () => {
  const circle: unknown[] = []
  circle.push(circle, circle)
  expect(isNestedDeeperThan(1_000, circle)).toBe(true)
  let shared: unknown[] = []
  for (let level = 1; level < 64; level += 1) shared = [shared, shared]
  expect(isNestedDeeperThan(64, shared)).toBe(false)
})

test('an instance of a class counts as one value', () => {
  expect(isNestedDeeperThan(0, new Map([[1, [[[]]]]]))).toBe(false)
  expect(
    isNestedDeeperThan(1, {
      at: new Date(),
      by: new (class {
        inner = {}
      })(),
    }),
  ).toBe(false)
})
