import type { Kysely } from 'kysely'
import { expectTypeOf, test } from 'vitest'
import type { FocusOptions } from '../src/index.ts'

interface Shop {
  orders: { id: number; total: number }
}

test('an application passes its own Kysely, whatever its tables', () => {
  expectTypeOf<Kysely<Shop>>().toExtend<NonNullable<FocusOptions['database']>>()
})
