import { migrateDatabase } from '@focus-api/core'
import { listMigrations, type MigrationStatus } from '@focus-api/core/internal'
import { loadConfig } from '../../config/config-file.ts'
import { focusOptionsOf } from '../../config/focus-options.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { terminalLogger } from '../../terminal/terminal-logger.ts'
import { describeDatabase, findDatabase, isMissingFile } from '../../config/database-name.ts'
import { usageFailure } from '../../terminal/failure.ts'
import { plainText } from '../../terminal/plain-text.ts'
import { table } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'

export interface MigrateFlags {
  readonly status?: boolean
  readonly to?: string
}

/** `focus migrate`: brings the tables of the configured database up to date, or lists the migrations. */
export async function run(context: CommandContext, flags: MigrateFlags): Promise<void> {
  const { terminal, env, cwd } = context
  const config = await loadConfig(context)
  const database = findDatabase(context, config) ?? 'sqlite:focus.db'
  const options = {
    ...focusOptionsOf(config, env),
    env,
    database,
    logger: terminalLogger(terminal, { progress: true }),
  }
  const before = await listMigrations(options)
  if (flags.status) {
    const exists = !isMissingFile(database, cwd)
    terminal.result(
      {
        exists,
        migrations: before.map(({ name, appliedAt }) => ({ name, applied_at: appliedAt?.toISOString() ?? null })),
      },
      () => (exists ? '' : `${missing(database)}\n`) + status(terminal, before),
    )
    return
  }
  const to = flags.to === undefined ? undefined : target(before, flags.to)
  const { applied, current } = await migrateDatabase(options, to)
  terminal.result({ applied, current }, () =>
    applied.length === 0 ? `Nothing to do: the database is at ${current}.` : `Applied ${applied.join(', ')}.`,
  )
}

function missing(database: Parameters<typeof describeDatabase>[0]): string {
  return `The database ${plainText(describeDatabase(database))} does not exist yet; \`focus migrate\` or the first start creates it.`
}

function status(terminal: Terminal, migrations: readonly MigrationStatus[]): string {
  return table(
    terminal,
    ['MIGRATION', 'APPLIED'],
    migrations.map(({ name, appliedAt }) => [name, appliedAt?.toISOString() ?? 'waits']),
    'This version has no migrations.',
  )
}

/** Resolves `--to`. Migrations only go forward: an applied one is never reverted. */
function target(migrations: readonly MigrationStatus[], text: string): string {
  const index = /^\d+$/.test(text) ? migrations.findIndex(({ name }) => Number.parseInt(name, 10) === Number(text)) : -1
  const migration = migrations[index]
  if (migration === undefined) {
    throw usageFailure(`--to: there is no migration ${text}.`, '`focus migrate --status` lists them.')
  }
  if (migrations.slice(index + 1).some(({ appliedAt }) => appliedAt !== null)) {
    throw usageFailure(`--to: the database is beyond ${migration.name}, and migrations go forward only.`)
  }
  return migration.name
}
