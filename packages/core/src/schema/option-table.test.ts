import { expect, expectTypeOf, test } from 'vitest'
import { checkOptions, optionPaths } from './option-checks.ts'
import * as forms from './option-forms.ts'
import { readOptions } from './option-reader.ts'
import { optionShape, optionTable } from './option-table.ts'

const table = optionTable({
  name: { path: 'name', env: ['APP_NAME', 'NAME'], form: forms.text, default: null, about: 'name' },
  waitMs: { path: 'queue.wait', form: forms.duration, default: '2s', about: 'time to wait' },
  pauseMs: { env: ['PAUSE'], form: forms.asMilliseconds(forms.whole('seconds', 1, 60)), default: 5, about: 'pause' },
  isOff: { path: 'queue', form: forms.off, replacesGroup: true, default: null, about: 'switches the queue off' },
  limits: { path: 'queue.limits', limits: { rows: 10, bytes: 20 }, about: 'limits of the queue' },
})
const shape = optionShape([table])

test('the values of a table have the types of their forms, or null without a default', () => {
  expectTypeOf(readOptions(table, {}, {})).toEqualTypeOf<{
    readonly name: string | null
    readonly waitMs: number
    readonly pauseMs: number
    readonly isOff: false | null
    readonly limits: { readonly rows: number; readonly bytes: number }
  }>()
})

test('code wins over the environment, the environment over the default', () => {
  const defaults = { name: null, waitMs: 2_000, pauseMs: 5_000, isOff: null, limits: { rows: 10, bytes: 20 } }
  expect(readOptions(table, {}, {})).toEqual(defaults)
  expect(readOptions(table, {}, { NAME: 'b\r', APP_NAME: ' ', PAUSE: '7' })).toMatchObject({
    name: 'b',
    pauseMs: 7_000,
  })
  expect(readOptions(table, { name: 'a' }, { APP_NAME: 'b' }).name).toBe('a')
  expect(readOptions(table, { name: null }, { APP_NAME: 'b' }).name).toBe('b')
  expect(readOptions(table, { queue: { wait: 1, limits: { rows: 3 } } }, {})).toMatchObject({
    waitMs: 1,
    limits: { rows: 3, bytes: 20 },
  })
})

test('a variable of the wrong form is refused by its name', () => {
  expect(() => readOptions(table, {}, { PAUSE: '61' })).toThrow(
    'PAUSE: expected a whole number of seconds from 1 to 60, got "61".',
  )
})

test('the shape has a group for paths with a common start, which a value may replace', () => {
  expect([...optionPaths(shape).keys()]).toEqual(['name', 'queue.wait', 'queue.limits.rows', 'queue.limits.bytes'])
  expect(readOptions(table, { queue: false }, {})).toMatchObject({ isOff: false, waitMs: 2_000 })
  expect(() => checkOptions({ queue: false }, shape)).not.toThrow()
  expect(() => checkOptions({ queue: true }, shape)).toThrow('queue: expected false or an object with wait, limits')
  expect(() => checkOptions({ queue: { limits: { row: 1 } } }, shape)).toThrow('did you mean queue.limits.rows?')
})
