/** Random choices that a seed repeats (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Returns a number from 0 to 1, without 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below(limit: number): number {
    return Math.floor(this.roll() * limit)
  }

  chance(probability: number): boolean {
    return this.roll() < probability
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

/** Returns a random JSON value. */
export function anyJson(dice: Dice, depth: number): unknown {
  const simple = [
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 1,
    '',
    'x',
    '\u0000',
    '\ud800',
    '__proto__',
    'é'.repeat(300),
  ] as const
  if (depth === 0 || dice.chance(0.7)) return dice.pick(simple)
  if (dice.chance(0.5)) return Array.from({ length: dice.below(5) }, () => anyJson(dice, depth - 1))
  return Object.fromEntries(
    Array.from({ length: dice.below(5) }, () => [String(dice.pick(simple)), anyJson(dice, depth - 1)]),
  )
}

/** Returns the text with one character changed, or cut at that place. */
export function mutate(dice: Dice, text: string): string {
  const at = dice.below(text.length)
  return dice.chance(0.5)
    ? text.slice(0, at)
    : text.slice(0, at) + String.fromCharCode(dice.below(0x2000)) + text.slice(at + 1)
}
