import { join } from 'node:path'
import { packageFolder } from './package-folder.ts'

// Not by `import`, which loads everything that a property of the module refers to: promises, streams, watchers.
const { readFileSync } = process.getBuiltinModule('node:fs')

/** Returns the version of this package. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'))
  return (manifest as { version: string }).version
}
