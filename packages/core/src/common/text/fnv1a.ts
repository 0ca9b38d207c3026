/** Returns the FNV-1a hash of the UTF-16 units of a text: a signed number of 32 bits, the same on every machine. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
