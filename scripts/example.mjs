import { buildPackages } from './build.mjs'
import { install } from './install.mjs'
import { findNode } from './node.mjs'
import { runToEnd } from './run-to-end.mjs'

/** Installs and builds what is missing, then runs the example in whose folder this was called; resolves with its exit code. */
export default async function example(args) {
  await install()
  const node = findNode()
  await buildPackages({ node })
  return runToEnd(node, ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args])
}
