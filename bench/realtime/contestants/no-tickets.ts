import type { SingleUseStore } from '../../../packages/core/src/secrets/single-use-port.ts'

/** A ticket store for measurements, which use tokens only. */
export const noTickets: SingleUseStore = {
  put: async () => undefined,
  take: async () => null,
  peek: async () => null,
  claim: async () => false,
  purge: async () => 0,
}
