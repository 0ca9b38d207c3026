import { listMigrations } from '@focus-api/core/internal'
import type { FocusConfig } from '../config/config-file.ts'
import { describeDatabase, isMissingFile } from '../config/database-name.ts'
import { checkFileSystem } from './network-file-system.ts'
import { failed, type Finding, fixOf, ok, reasonOf, skipped, warning } from './finding.ts'

/** Checks that the database answers and has the tables of this version. Changes nothing and creates nothing. */
export async function checkDatabase(database: NonNullable<FocusConfig['database']>, cwd: string): Promise<Finding[]> {
  const name = describeDatabase(database)
  if (isMissingFile(database, cwd))
    return [skipped('database', `${name} does not exist yet; the first start creates it`)]
  try {
    const migrations = await listMigrations({ database, env: {} })
    const waiting = migrations.filter(({ appliedAt }) => appliedAt === null)
    return [
      ok('database', `${name} answers`),
      ...(await checkFileSystem(database, cwd)),
      waiting.length === 0
        ? ok('migrations', 'the tables are up to date')
        : warning(
            'migrations',
            `${waiting.length} of ${migrations.length} migrations are not applied: ${waiting.map((one) => one.name).join(', ')}.`,
            'Run `focus migrate`; the next start also applies them.',
          ),
    ]
  } catch (error) {
    return [
      failed(
        'database',
        `${name} does not answer: ${reasonOf(error)}.`,
        fixOf(
          error,
          'Check that the database runs, that host, port, name, user and password of DATABASE_URL are correct, and that this machine can reach it. In CI, check the service container and its health check.',
        ),
      ),
    ]
  }
}
