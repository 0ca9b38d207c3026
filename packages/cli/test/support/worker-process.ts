/** A worker that serves nothing. Its last argument says what it does once it is ready: `answer` pings, `block`, or `end`. */
const [what] = process.argv.slice(-1)

// Signals do not end a worker by themselves.
process.on('SIGTERM', () => undefined)
process.send?.({ type: 'focus:ready' })
if (what === 'answer') process.on('message', () => process.send?.({ type: 'focus:alive' }))
if (what === 'end') setImmediate(() => process.exit(3))
if (what === 'block') setImmediate(block)

function block(): never {
  for (;;);
}
