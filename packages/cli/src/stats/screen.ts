import { setTimeout as delay } from 'node:timers/promises'
import { toFailure } from '../terminal/failure.ts'
import type { StatsDocument } from './read-stats.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { StatsView } from './stats-view.ts'

export interface ScreenOptions {
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly intervalMs: number
  readonly base: string
  readonly first: StatsDocument
  readonly read: () => Promise<StatsDocument>
}

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const clearLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** Draws until `q` is pressed or the signal aborts, then restores the screen. */
export async function watchOnScreen(options: ScreenOptions): Promise<void> {
  const { terminal, signal, intervalMs, base, first, read } = options
  const view = new StatsView()
  const quit = new AbortController()
  const ended = AbortSignal.any([signal, quit.signal])
  const stopListening = listenForQuit(quit)
  let note = ''
  terminal.draw(enter)
  try {
    view.add(first)
    while (!ended.aborted) {
      const lines = view.render(terminal, base, note).split('\n')
      terminal.draw(home + lines.map((line) => line + clearLine).join('\n') + clearBelow)
      await delay(intervalMs, undefined, { signal: ended }).catch(() => undefined)
      if (ended.aborted) break
      try {
        view.add(await read())
        note = ''
      } catch (error) {
        // A server may be restarting: keep trying, and show the error.
        note = toFailure(error).message
      }
    }
  } finally {
    terminal.draw(leave)
    stopListening()
  }
  signal.throwIfAborted()
}

/** In raw mode the system does not handle Ctrl-C, so it is passed on. */
function listenForQuit(quit: AbortController): () => void {
  const { stdin } = process
  if (!stdin.isTTY) return () => undefined
  const heard = (bytes: Buffer) => {
    const key = bytes.toString()
    if (key === 'q') quit.abort()
    if (key === '\u0003') process.kill(process.pid, 'SIGINT')
  }
  stdin.setRawMode(true).resume().on('data', heard)
  return () => {
    stdin.off('data', heard).setRawMode(false).pause()
  }
}
