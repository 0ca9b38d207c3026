import type { Contestant } from '../contestant.ts'
import { focus } from './focus.ts'
import { focusWhole } from './focus-whole.ts'
import { focusWithTokens } from './focus-with-tokens.ts'
import { rawNet } from './raw-net.ts'
import { socketIo } from './socket-io.ts'
import { socketIoWithTokens } from './socket-io-with-tokens.ts'
import { wsLoop } from './ws-loop.ts'

export const contestants = {
  focus: () => focus(),
  'socket.io': () => socketIo(),
  ws: wsLoop,
  'raw net': rawNet,
  'focus, EdDSA': focusWithTokens,
  'focus, on SQLite': focusWhole,
  'socket.io, jsonwebtoken': socketIoWithTokens,
} as const satisfies Record<string, () => Contestant | Promise<Contestant>>

export type ContestantName = keyof typeof contestants

export function isContestant(name: string | undefined): name is ContestantName {
  return name !== undefined && Object.hasOwn(contestants, name)
}
