import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writePrivateFile } from './private-file.ts'

/** Where `focus dev` keeps its data, in the folder it is started in. */
export const defaultDataFolder = '.focus'

/** A running `focus dev`, as its data folder tells the other commands. */
export interface RunningServer {
  readonly url: string
  readonly adminKey: string
  readonly pid: number
}

/** Lets `focus notify` and its like, started in the same folder, find the server without any setting. */
export async function announceServer(folder: string, server: RunningServer): Promise<void> {
  const document = { url: server.url, admin_key: server.adminKey, pid: server.pid }
  await writePrivateFile(fileIn(folder), `${JSON.stringify(document)}\n`)
}

/** Takes the announcement back, unless another process has made its own meanwhile. */
export async function withdrawServer(folder: string, pid: number): Promise<void> {
  if (readAnnouncement(folder)?.pid === pid) await rm(fileIn(folder), { force: true })
}

/** The server that runs on the data folder; null when none does. What a killed process left behind is not one. */
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

/** `EPERM` is an answer too: the process lives and belongs to somebody else. */
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
