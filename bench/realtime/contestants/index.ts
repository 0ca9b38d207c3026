import type { Contestant } from '../contestant.ts'
import { focus } from './focus.ts'
import { rawNet } from './raw-net.ts'
import { socketIo } from './socket-io.ts'
import { wsLoop } from './ws-loop.ts'

export const contestants = {
  focus,
  'socket.io': socketIo,
  ws: wsLoop,
  'raw net': rawNet,
} as const satisfies Record<string, () => Contestant>

export type ContestantName = keyof typeof contestants

export function isContestant(name: string | undefined): name is ContestantName {
  return name !== undefined && Object.hasOwn(contestants, name)
}
