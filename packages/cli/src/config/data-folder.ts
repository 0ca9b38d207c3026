import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writePrivateFile } from './private-file.ts'

/** Default data folder of `focus dev`, relative to the current folder. */
export const defaultDataFolder = '.focus'

/** A running `focus dev`, as announced in its data folder. */
export interface RunningServer {
  readonly url: string
  readonly adminKey: string
  readonly pid: number
}

/** Announces the server, so that other commands in the same folder find it without settings. */
export async function announceServer(folder: string, server: RunningServer): Promise<void> {
  const document = { url: server.url, admin_key: server.adminKey, pid: server.pid }
  await writePrivateFile(fileIn(folder), `${JSON.stringify(document)}\n`)
}

/** Removes the announcement, unless another process has replaced it. */
export async function withdrawServer(folder: string, pid: number): Promise<void> {
  if (readAnnouncement(folder)?.pid === pid) await rm(fileIn(folder), { force: true })
}

/** Returns the server that runs on the data folder, or null. The announcement of a killed process does not count. */
export function findRunningServer(cwd: string, folder: string = defaultDataFolder): RunningServer | null {
  const announcement = readAnnouncement(resolve(cwd, folder))
  return announcement !== null && isAlive(announcement.pid) ? announcement : null
}

function readAnnouncement(folder: string): RunningServer | null {
  try {
    const value: unknown = JSON.parse(readFileSync(fileIn(folder), 'utf8'))
    if (typeof value !== 'object' || value === null) return null
    const { url, admin_key: adminKey, pid } = value as Record<string, unknown>
    return typeof url === 'string' && typeof adminKey === 'string' && typeof pid === 'number'
      ? { url, adminKey, pid }
      : null
  } catch {
    return null
  }
}

/** `EPERM` means that the process runs and belongs to another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

function fileIn(folder: string): string {
  return join(folder, 'dev.json')
}
