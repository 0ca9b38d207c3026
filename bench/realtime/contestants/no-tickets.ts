import type { SingleUseStore } from '../../../packages/core/src/secrets/single-use-port.ts'

/** The measurements use tokens only. */
export const noTickets: SingleUseStore = {
  put: async () => undefined,
  take: async () => null,
  peek: async () => null,
  claim: async () => false,
  purge: async () => 0,
}
