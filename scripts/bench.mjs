import { join } from 'node:path'
import { buildPackages } from './build.mjs'
import { findNode, install, root, run } from './workspace.mjs'

/** Builds the packages, because they are what is measured, and runs the benchmarks. Resolves with their exit code. */
export async function bench(args) {
  await install()
  const node = findNode()
  await buildPackages({ node })
  const { code } = await run(node, [join(root, 'bench/run.ts'), ...args], { stdio: 'inherit' })
  return code
}
