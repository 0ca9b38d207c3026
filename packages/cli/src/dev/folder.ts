import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandFailure } from '../terminal/failure.ts'
import { findRunningServer } from '../config/data-folder.ts'
import { hasCode, isFileMissing } from '../terminal/context.ts'
import { writePrivateFile } from '../config/private-file.ts'

/**
 * Creates the data folder if necessary, and checks that it is writable and that no other `focus dev` uses it.
 *
 * @throws CommandFailure `data_folder`, `already_running`
 */
export async function openDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    await writePrivateFile(join(folder, '.gitignore'), '*\n')
  } catch (error) {
    throw unusable(folder, error)
  }
  const running = findRunningServer(folder, '.')
  if (running === null || running.pid === process.pid || !(await answers(running.url))) return
  throw new CommandFailure(
    'already_running',
    `focus dev already runs on ${folder}, at ${running.url} (process ${running.pid}).`,
    {
      hint: 'Use that server, stop it, or choose another folder with --data.',
    },
  )
}

/**
 * Creates folders one by one. `mkdir` with `recursive` never returns in a folder that accepts no new ones (`/proc`).
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if (hasCode(error) && error.code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (!isFileMissing(error) || existsSync(dirname(folder))) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}

/** Returns the admin key of the data folder; creates it at the first start. */
export async function folderAdminKey(folder: string): Promise<string> {
  const path = join(folder, 'admin-key')
  try {
    const key = (await readFile(path, 'utf8')).trim()
    if (/^\S{16,}$/.test(key)) return key
  } catch (error) {
    if (!isFileMissing(error)) throw unusable(folder, error)
  }
  const key = randomBytes(24).toString('base64url')
  await writePrivateFile(path, `${key}\n`)
  return key
}

/** Checks that the server answers: another program may have received the process id. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user cannot write there',
  EPERM: 'this user cannot write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its parent accepts no new folders',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file has that name',
  ENOSPC: 'the disk is full',
}

function unusable(folder: string, error: unknown): CommandFailure {
  const code = hasCode(error) ? error.code : ''
  return new CommandFailure(
    'data_folder',
    `The data folder ${folder} cannot be used: ${reasons[code] ?? String(error)}.`,
    {
      hint: 'Choose another folder with --data DIR.',
      cause: error,
    },
  )
}
