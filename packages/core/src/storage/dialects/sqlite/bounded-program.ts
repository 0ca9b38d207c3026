/** A row of SQLite's `EXPLAIN` (https://www.sqlite.org/opcode.html). */
export interface Instruction {
  readonly opcode: string
  /** The cursor, for instructions that have one. */
  readonly p1: number
}

/** Instructions that each do a bounded amount of work. `Next`, `Count` and similar ones are not bounded. */
const steps = new Set(
  `Affinity And BeginSubrtn Close Column Copy DeferredSeek Eq Explain Found Ge Goto Gt Halt IdxGE IdxGT IdxInsert IdxLE IdxLT
   IdxRowid If IfNoHope IfNot Init Int64 Integer IsNull Le Lt MakeRecord MustBeInt Ne Noop Not NotExists NotFound NotNull Null NullRow
   Once OpenEphemeral OpenRead Or Real RealAffinity ResultRow Return Rowid SCopy SeekGE SeekGT SeekHit SeekLE SeekLT SeekRowid String8
   TableLock Transaction Variable`.split(/\s+/),
)

/**
 * Returns whether a statement reads at most as many rows as it names keys: its program has no loop, except one over its own list of
 * values (`in (?, ?)`). The amount of its work is then known before it runs.
 */
export function isBounded(program: readonly Instruction[]): boolean {
  const lists = new Set(program.filter(({ opcode }) => opcode === 'OpenEphemeral').map(({ p1 }) => p1))
  const overList = ({ opcode, p1 }: Instruction) => (opcode === 'Next' || opcode === 'Rewind') && lists.has(p1)
  const loops = program.filter(({ opcode }) => opcode === 'Next')
  return loops.length <= 1 && program.every((instruction) => steps.has(instruction.opcode) || overList(instruction))
}
