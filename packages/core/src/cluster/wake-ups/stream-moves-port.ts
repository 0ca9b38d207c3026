/** A position that an event of a batch has in a stream; the owner of the shared stream of broadcasts is empty. */
export interface StreamMove {
  readonly owner: string
  readonly offset: number
}

/** Writes moves as the content of a row: `["user1",17,"user2",4]`. */
export function encodeMoves(moves: readonly StreamMove[]): string {
  return JSON.stringify(moves.flatMap(({ owner, offset }) => [owner, offset]))
}

/** Reads what `encodeMoves` wrote; null when it is not of that form, such as from a newer version. */
export function decodeMoves(content: string): StreamMove[] | null {
  const list = parsed(content)
  if (!Array.isArray(list)) return null
  const moves: StreamMove[] = []
  for (let index = 0; index < list.length; index += 2) {
    const [owner, offset]: unknown[] = [list[index], list[index + 1]]
    if (typeof owner !== 'string' || !Number.isSafeInteger(offset)) return null
    moves.push({ owner, offset: Number(offset) })
  }
  return moves
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return null
  }
}
