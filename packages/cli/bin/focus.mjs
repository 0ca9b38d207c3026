#!/usr/bin/env node
// This file uses syntax that Node 12 parses, so that an old Node prints the message below, not a parse error.
var parts = process.versions.node.split('.').map(Number)
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 12)) {
  process.stderr.write(
    'focus needs Node 22.12 or newer (this is ' +
      process.versions.node +
      '); install it from https://nodejs.org and run the command again.\n',
  )
  process.exit(1)
} else {
  import('../dist/main.js').catch(function (error) {
    if (error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).indexOf('/dist/main.js') !== -1) {
      process.stderr.write('focus is not built in this checkout yet: run `npm run build` (or `npm start`) once.\n')
    } else {
      process.stderr.write(String((error && error.stack) || error) + '\n')
    }
    process.exit(1)
  })
}
