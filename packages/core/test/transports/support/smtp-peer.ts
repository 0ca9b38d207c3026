import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Mail {
  readonly from: string
  readonly to: string[]
  readonly source: string
}

export interface SmtpPeer {
  readonly url: string
  readonly mails: Mail[]
  /** Breaks every connection off. */
  cut(): void
  close(): Promise<void>
}

/** An SMTP server on loopback that takes every mail, unless the options say otherwise. */
export async function startSmtpPeer(options: SMTPServerOptions = {}): Promise<SmtpPeer> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    disableReverseLookup: true,
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        })
        done()
      })
    },
    ...options,
  })
  const listener = server.listen(0, '127.0.0.1')
  const sockets = new Set<Socket>()
  listener.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise((resolve) => listener.once('listening', resolve))
  // A client that breaks off is what some of these tests are about.
  server.on('error', () => undefined)
  return {
    url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    mails,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The answer of an SMTP server that refuses. */
export function refusal(responseCode: number, said = 'no'): Error {
  return Object.assign(new Error(said), { responseCode })
}
