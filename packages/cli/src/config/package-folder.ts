import { dirname, join } from 'node:path'

// Not by `import`: see `version.ts`.
const { existsSync } = process.getBuiltinModule('node:fs')

/** Returns the folder of this package, whether it runs from `src` or from a chunk of `dist`. */
export function packageFolder(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
