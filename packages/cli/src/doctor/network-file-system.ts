import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Finding, warning } from './finding.ts'

/** Types of file systems that another machine may hold, as Linux' statfs(2) numbers them. */
const networkFileSystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'SMB',
  0xfe534d42: 'SMB',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x0bd00bd0: 'Lustre',
  0x01161970: 'GFS2',
}

/** Warns of an SQLite file on a network file system, whose locks do not protect it. Returns nothing where it cannot tell. */
export async function checkFileSystem(database: unknown, cwd: string): Promise<Finding[]> {
  const file = typeof database === 'string' ? /^sqlite:(?:\/\/)?(.+)$/.exec(database)?.[1] : undefined
  if (file === undefined || file === ':memory:' || process.platform !== 'linux') return []
  const kind = await typeOf(dirname(resolve(cwd, file)))
  if (kind === null) return []
  return [
    warning(
      'database.file_system',
      `The SQLite file is on ${kind}, a network file system, where processes of two machines corrupt it.`,
      'Put the file on a local disk, or use PostgreSQL or MySQL for several machines.',
    ),
  ]
}

async function typeOf(folder: string): Promise<string | null> {
  try {
    const { type } = await statfs(folder)
    // Node gives numbers above 2^31 as negative ones on some platforms.
    return networkFileSystems[type >>> 0] ?? null
  } catch {
    return null
  }
}
