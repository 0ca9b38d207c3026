import type { DdlContext } from './ddl.ts'

/** One numbered step, forward only. Every statement must be idempotent, because MySQL commits each one by itself. */
export interface MigrationStep {
  readonly name: string
  statements(context: DdlContext): string[]
}
