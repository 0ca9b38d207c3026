import { basename, dirname, relative, resolve, sep } from 'node:path'

/**
 * Lint rule `house/rooms`: holds the direction of every import between the rooms of a package.
 *
 * The option names the package's source folder and, for each room, the rooms that it may import. `room:ports` allows the
 * files that the other room declares for its neighbours: `ports.ts`, and files whose names end in `-port.ts`.
 *
 * @example
 * ```json
 * ["error", { "root": "packages/core/src", "rooms": { "common": [], "auth": ["common"], "realtime": ["common", "auth:ports"] } }]
 * ```
 */
const rooms = {
  meta: { type: 'problem', schema: [{ type: 'object' }] },
  create(context) {
    const [{ root, rooms: allowed }] = context.options
    const source = resolve(context.cwd, root)
    const here = roomOf(source, context.filename)
    if (here === null || context.filename.endsWith('.test.ts')) return {}
    const check = (node) => {
      const specifier = node.source?.value
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return
      const target = resolve(dirname(context.filename), specifier)
      const there = roomOf(source, target)
      if (there === null) {
        context.report({ node, message: `${specifier} lies outside ${root}; import the package by its name.` })
        return
      }
      if (there === here) return
      const arrows = allowed[here]
      if (arrows === undefined) {
        context.report({ node, message: `The room "${here}" has no line in the rule house/rooms of .oxlintrc.json.` })
        return
      }
      if (arrows.includes(there) || (arrows.includes(`${there}:ports`) && isPort(target))) return
      context.report({
        node,
        message: `${here}/ may not import ${there}/${relative(resolve(source, there), target)}: declare a port in ${here}/ports.ts and let compose/ connect the rooms (docs/architecture.md).`,
      })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    }
  },
}

/** The first folder below the source folder; the file's own name for a file that lies in it; null outside. */
function roomOf(source, file) {
  const path = relative(source, file)
  if (path.startsWith('..')) return null
  return path.split(sep)[0]
}

function isPort(file) {
  return basename(file) === 'ports.ts' || file.endsWith('-port.ts')
}

export default { meta: { name: 'house' }, rules: { rooms } }
