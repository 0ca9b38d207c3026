import { fnv1a } from '../../common/text/fnv1a.ts'
import type { UserKey } from '../../common/user-id.ts'

/** The number of slots of a Redis Cluster. */
export const slotCount = 16_384

/**
 * The number of groups that users are divided into in a Redis Cluster. The channels of a group share a slot, so that one command
 * subscribes to many of them.
 */
export const groupCount = 512

/** Returns the group of a user: the same one on every node. */
export function groupOf(userKey: UserKey): number {
  return (fnv1a(userKey) >>> 0) % groupCount
}

/** Returns the slot of a hash tag of ASCII characters: CRC-16/XMODEM modulo the number of slots. */
export function slotOf(tag: string): number {
  let crc = 0
  for (let index = 0; index < tag.length; index += 1) {
    crc ^= tag.charCodeAt(index) << 8
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % slotCount
}
