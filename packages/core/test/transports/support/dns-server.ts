import { createSocket } from 'node:dgram'

/** The records of a name; `silent` for a name without an answer. */
export type Zone = Readonly<Record<string, readonly string[] | 'silent'>>

export interface DnsServer {
  /** For `dns: { servers: [address] }`. */
  readonly address: string
  /** The names that were asked for, one entry for each query. */
  readonly queries: string[]
  close(): Promise<void>
}

const types = { A: 1, AAAA: 28 } as const

/** A name server on loopback (RFC 1035) that answers for addresses; a name that it does not know does not exist. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const queries: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (query, { port }) => {
    const { name, type, end } = questionOf(query)
    queries.push(name)
    const known = zone[name]
    if (known === 'silent') return
    const records = (known ?? []).filter((address) => (address.includes(':') ? types.AAAA : types.A) === type)
    socket.send(answer(query.subarray(0, end), known === undefined ? 3 : 0, records.map(recordOf)), port, '127.0.0.1')
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${socket.address().port}`,
    queries,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function answer(question: Buffer, code: number, records: readonly Buffer[]): Buffer {
  const header = Buffer.from(question)
  header.writeUInt16BE(0x81_80 | code, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, ...records])
}

function recordOf(address: string): Buffer {
  const six = address.includes(':')
  const data = six ? Buffer.from(expand(address), 'hex') : Buffer.from(address.split('.').map(Number))
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc0_0c, 0)
  head.writeUInt16BE(six ? types.AAAA : types.A, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

/** The 32 digits of an IPv6 address. */
function expand(address: string): string {
  const [before = '', after = ''] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':')).map((group) => group.padStart(4, '0'))
  const [left, right] = [groups(before), groups(after)]
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0000'), ...right].join('')
}
