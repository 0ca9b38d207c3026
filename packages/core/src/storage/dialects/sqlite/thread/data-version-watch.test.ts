import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { openConnection } from '../sqlite-connection.ts'
import { DataVersionWatch } from './data-version-watch.ts'

const folder = temporaryFolder('watch')
const file = join(folder, 'focus.db')
const [watched, other] = [openConnection(file, { waitMs: 0 }), openConnection(file)]
afterEach(() => {
  watched.close()
  other.close()
  removeFolder(folder)
})

test('a look that fails at the start is one that a later look makes up for', async () => {
  let committed = 0
  other.exec('create table one (id integer)')
  other.pragma('journal_mode = DELETE')
  other.exec('begin exclusive')
  expect(() => watched.pragma('data_version')).toThrow('locked')
  const watch = new DataVersionWatch(watched, () => (committed += 1))
  watch.start(5)
  other.exec('commit')
  await expect.poll(() => committed).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const before = committed
  other.exec('insert into one values (1)')
  await expect.poll(() => committed).toBe(before + 1)
  watch.stop()
})
