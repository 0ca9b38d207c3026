// Runs `npm start`, `npm test`, `npm run bench`, `npm run pack` and the examples in a fresh clone that has only Node and npm. This file has syntax that old
// versions of Node can read, so that they print the message below.
import process from 'node:process'

const [task, ...args] = process.argv.slice(2)
const major = Number(process.versions.node.split('.')[0])
const modules = {
  start: './start.mjs',
  example: './start.mjs',
  test: './test.mjs',
  bench: './bench.mjs',
  pack: './pack.mjs',
}

if (major < 20) {
  fail(`Focus needs Node 20 or newer to set itself up (this is ${process.versions.node}): https://nodejs.org`)
} else if (!(task in modules)) {
  fail('Usage: node scripts/run.mjs start|test|bench|example|pack [arguments]', 2)
} else {
  import(modules[task])
    .then((module) => module[task](args))
    .then(
      (code) => (process.exitCode = code),
      (error) => fail(error.expected ? error.message : String(error.stack)),
    )
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exitCode = code
}
