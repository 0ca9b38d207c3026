// `npm start` and `npm test` in a fresh clone, with nothing there but Node and npm: what is missing is installed, what is
// stale is built, then the work begins. Plain old syntax in this file, so that an old Node reaches the sentence below.
import process from 'node:process'

const [task, ...args] = process.argv.slice(2)
const major = Number(process.versions.node.split('.')[0])

if (major < 20) {
  fail(`Focus needs Node 20 or newer to set itself up (this is ${process.versions.node}): https://nodejs.org`)
} else if (!['start', 'test', 'example'].includes(task)) {
  fail('Usage: node scripts/run.mjs start|test|example [arguments]', 2)
} else {
  import(`./${task}.mjs`)
    .then((module) => module.default(args))
    .then(
      (code) => (process.exitCode = code),
      (error) => fail(error.expected ? error.message : String(error.stack)),
    )
}

function fail(message, code = 1) {
  process.stderr.write(`${message}\n`)
  process.exitCode = code
}
