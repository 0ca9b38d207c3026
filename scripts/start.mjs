import { join } from 'node:path'
import { buildPackages } from './build.mjs'
import { install } from './install.mjs'
import { findNode } from './node.mjs'
import { root } from './root.mjs'
import { runToEnd } from './run-to-end.mjs'

/** Installs, builds and runs `focus dev` with the given arguments until it ends; resolves with its exit code. */
export default async function start(args) {
  await install()
  const node = findNode()
  await buildPackages({ node })
  return runToEnd(node, [join(root, 'packages/cli/bin/focus.mjs'), 'dev', ...args])
}
