import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ExpectedError } from './expected-error.mjs'
import { root } from './root.mjs'

/**
 * The Node that the workspace runs on: the one that came with its dependencies; where none came, or with
 * `FOCUS_NODE=system`, the one that runs npm. (npm puts the one that came in front of PATH, so that it may be running this.)
 */
export function findNode() {
  const brought = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (process.env.FOCUS_NODE !== 'system' && existsSync(brought)) return realpathSync(brought)
  const system = process.env.npm_node_execpath ?? process.execPath
  const version = spawnSync(system, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)
  const [major, minor] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) return system
  throw new ExpectedError(
    `Focus needs Node 22.12 or newer (this is ${version}), and none could be brought along: https://nodejs.org`,
  )
}
