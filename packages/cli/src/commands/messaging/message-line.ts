import { plainText } from '../../terminal/plain-text.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import type { Message } from './listener.ts'

const colours = { info: 'blue', success: 'green', warning: 'yellow', error: 'red' } as const

/** Formats a message for people: the time, the kind and the text. */
export function messageLine(terminal: Terminal, message: Message): string {
  const time = terminal.style('dim', timeOf(message.timestamp))
  if (message.type !== 'notification') {
    const { type, timestamp: _, ...rest } = message
    return `${time} ${terminal.style('dim', plainText(`${type} ${JSON.stringify(rest)}`))}`
  }
  const kind = plainText(String(message.notification_type))
  const colour = Object.hasOwn(colours, kind) ? colours[kind as keyof typeof colours] : 'magenta'
  const topic = typeof message.event === 'string' ? terminal.style('dim', ` [${plainText(message.event)}]`) : ''
  const count = typeof message.count === 'number' && message.count > 1 ? ` ×${message.count}` : ''
  const title = terminal.style('bold', plainText(String(message.title)))
  return `${time} ${terminal.style(colour, kind.padEnd(8))}${title}${count} — ${plainText(String(message.message))}${topic}`
}

function timeOf(timestamp: unknown): string {
  const date = typeof timestamp === 'string' ? new Date(timestamp) : new Date()
  return (Number.isNaN(date.getTime()) ? new Date() : date).toTimeString().slice(0, 8)
}
