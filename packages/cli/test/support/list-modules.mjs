// With `node --import`: prints what the process has loaded when it ends, as JSON on a line of stderr.
// It imports nothing, because an import of a module of Node loads more of Node.
const { writeSync } = process.getBuiltinModule('node:fs')
const { registerHooks } = process.getBuiltinModule('node:module')

const files = new Set()
const builtInBefore = new Set(process.moduleLoadList)

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:')) files.add(url)
    return nextLoad(url, context)
  },
})

process.on('exit', () => {
  const packages = [...new Set([...files].map(packageOf))].toSorted()
  const builtIn = process.moduleLoadList
    .filter((name) => !builtInBefore.has(name) && name.startsWith('NativeModule '))
    .map((name) => name.slice('NativeModule '.length))
  writeSync(2, `loaded: ${JSON.stringify({ packages, files: files.size, builtIn })}\n`)
})

/** @param {string} url */
function packageOf(url) {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (installed !== undefined && !installed.startsWith('@focus-api/')) return installed
  const name = /\/(?:packages|@focus-api)\/(\w+)\/(?:bin|dist)\//.exec(url)?.[1]
  return name === undefined ? url : `@focus-api/${name}`
}
