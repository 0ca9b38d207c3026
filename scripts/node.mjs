import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ExpectedError } from './expected-error.mjs'
import { root } from './root.mjs'

/**
 * The Node that the workspace runs on: the one that came with its dependencies; where none came, or with
 * `FOCUS_NODE=system`, the one that is running this.
 */
export function findNode() {
  const brought = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (process.env.FOCUS_NODE !== 'system' && existsSync(brought)) return realpathSync(brought)
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath
  throw new ExpectedError(
    `Focus needs Node 22.12 or newer (this is ${process.versions.node}), and none could be brought along: https://nodejs.org`,
  )
}
