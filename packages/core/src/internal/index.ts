/**
 * Helpers that the packages of Focus share: `@focus-api/core/internal`.
 *
 * Applications must not use it: semantic versioning does not cover it for them. The packages of Focus accept a range of
 * versions of each other, so a name that a released package imports stays until a release outside of that range.
 */

// Options and environment, for the `focus` command.
export { assertFocusOptions } from '../options/schema.ts'
export { withoutEnvironment } from '../options/precedence.ts'
export { probeRedis } from '../cluster/redis/redis-probe.ts'
export { listMigrations } from '../compose/migration.ts'
export type { MigrationStatus } from '../storage/migrations/migrate.ts'

// Requests and responses, for adapters.
export { json, problem } from '../http/responses.ts'
export type { Answer } from '../http/responses.ts'
export { originForm, pathOf } from '../net/request-target.ts'
export { endUpgrade, refuseUpgrade } from '../realtime/entry/upgrade-refusal.ts'

// Import these from `@focus-api/core/internal/light`, which loads nothing else.
export { escapeInJson, isLoopbackHost, parseIsoTime, plainText } from './light.ts'
