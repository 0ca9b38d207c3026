/**
 * Helpers that the packages of Focus share: `@focus-api/core/internal`.
 *
 * All packages of Focus are released together, in the same version. Nothing here is covered by semantic versioning: names may
 * change or go in any release. Applications and adapters of others use `@focus-api/core`.
 */

// Options and environment, for the `focus` command.
export { assertFocusOptions } from './options/schema.ts'
export { withoutEnvironment } from './options/precedence.ts'
export { listMigrations } from './compose/migration.ts'
export type { MigrationStatus } from './storage/migrations/migrate.ts'

// Requests and responses, for adapters.
export { json, problem } from './http/responses.ts'
export type { Answer } from './http/responses.ts'
export { originForm, pathOf } from './net/request-target.ts'
export { isLoopbackHost } from './net/urls.ts'
export { endUpgrade, refuseUpgrade } from './realtime/entry/upgrade-refusal.ts'

// Texts and times, for terminals.
export { escapeInJson, plainText } from './common/text/plain-text.ts'
export { parseIsoTime } from './common/time/iso-time.ts'
