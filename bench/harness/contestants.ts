import type { Contestant } from './contestant.ts'
import type { Greeting, ServerArguments } from './protocol.ts'

interface Entry {
  readonly greeting: Greeting
  readonly open: (settings: ServerArguments) => Promise<Contestant>
  /** Runs on Bun instead of Node. */
  readonly isOnBun?: boolean
}

/** Loaded one by one, because not every runtime can load every library. */
export const contestants = {
  focus: {
    greeting: 'focus',
    open: async ({ database }) => (await import('../whole/contestants/focus.ts')).focus(database),
  },
  'socket.io': {
    greeting: 'socket.io',
    open: async () => (await import('../whole/contestants/socket-io.ts')).socketIo(),
  },
  'socket.io, jsonwebtoken': {
    greeting: 'socket.io',
    open: async () => (await import('../whole/contestants/socket-io.ts')).socketIoWithTokens(),
  },
  ws: { greeting: 'none', open: async () => (await import('../whole/contestants/ws-loop.ts')).wsLoop() },
  'raw net': { greeting: 'none', open: async () => (await import('../whole/contestants/raw-net.ts')).rawNet() },
  bun: { greeting: 'none', isOnBun: true, open: async () => (await import('../whole/contestants/bun.ts')).bun() },
  driver: {
    greeting: 'none',
    open: async ({ database }) => (await import('../whole/contestants/driver.ts')).driver(database ?? ''),
  },
  'focus hub': { greeting: 'focus', open: async () => (await import('../realtime/contestants/focus.ts')).focus() },
} as const satisfies Record<string, Entry>

export type ContestantName = keyof typeof contestants

export function isContestant(name: string): name is ContestantName {
  return Object.hasOwn(contestants, name)
}

/** Returns the entry of a contestant. */
export function entryOf(name: ContestantName): Entry {
  return contestants[name]
}
