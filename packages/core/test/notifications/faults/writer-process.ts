import { startNode } from '../support/node.ts'

/**
 * `writer-process.ts <url> <name> <writers> <calls>`: sends without pause from several writers at once, and prints a line
 * for each call that resolved, before the writer continues. Ends after `calls` of each writer; with 0, it runs until it
 * is ended.
 */
const [url = '', name = '', writers = '1', calls = '0'] = process.argv.slice(2)
const node = await startNode(url, { config: { unknownUsers: 'accept' }, log: { maxPerStream: 1_000_000 } })

const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())
await print('ready')

async function write(writer: number): Promise<void> {
  for (let n = 0; !ending.signal.aborted && (Number(calls) === 0 || n < Number(calls)); n += 1) {
    // The writers of all processes share a few streams, and compete for their heads.
    const receipt = await node.notifications.notifyUser({
      userId: `shared-${(writer + n) % 5}`,
      title: `${name}.${writer}.${n}`,
      message: 'm',
      ...(n % 4 === 3 ? { dedupe: { key: `${name}.${writer}.${n}` } } : {}),
    })
    if (receipt.outcome !== 'created') throw new Error(`call ${n} was ${receipt.outcome}`)
    await print(receipt.id)
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
await node.close()

/** Resolves after the line is written to the pipe. */
function print(line: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()))
}
