import type { CommandContext } from '../terminal/context.ts'
import { CommandFailure, usageFailure } from '../terminal/failure.ts'
import type { Json, JsonDocument, RemoteRequest } from '../remote/client.ts'
import { textOf } from '../remote/client.ts'
import type { Routes } from '../remote/route-client.ts'
import { type AnsweredBy, withRoutes } from '../remote/routes.ts'
import type { RemoteFlags } from '../remote/remote-settings.ts'
import { table } from '../terminal/table.ts'

type Row = { readonly [field: string]: Json | undefined }

export interface Listing {
  /** Route under the base path. */
  readonly path: string
  /** Field of the answer that holds the rows. */
  readonly field: string
  readonly columns: readonly string[]
  readonly cells: (row: Row) => readonly string[]
  readonly none: string
  /** Filters the rows; all of them when absent. */
  readonly wanted?: (row: Row) => boolean
  readonly answeredBy?: AnsweredBy
  /** Returns a remark for people about the answer; null for none. */
  readonly after?: (answer: JsonDocument) => string | null
}

/** Prints the rows of a route: the answer itself with `--json`, a table otherwise. */
export async function list(context: CommandContext, flags: RemoteFlags, listing: Listing): Promise<void> {
  const { terminal, signal } = context
  const print = async (routes: Routes) => {
    const answer = await routes.call(listing.path, { signal })
    const rows = rowsOf(answer[listing.field]).filter(listing.wanted ?? (() => true))
    terminal.result({ ...answer, [listing.field]: rows }, () =>
      table(terminal, listing.columns, rows.map(listing.cells), listing.none),
    )
    const remark = listing.after?.(answer)
    if (remark) terminal.note(remark)
  }
  await withRoutes(context, flags, print, listing.answeredBy)
}

/** Calls a route that changes something, and prints the result. */
export async function act(
  context: CommandContext,
  flags: RemoteFlags,
  action: {
    readonly path: string
    readonly request: Omit<RemoteRequest, 'signal'>
    readonly done: (answer: JsonDocument) => string
    /** Hints for error codes, in terms of the command line instead of the server. */
    readonly hints?: Readonly<Record<string, string>>
    readonly answeredBy?: AnsweredBy
  },
): Promise<void> {
  const perform = async (routes: Routes) => {
    const answer = await routes
      .call(action.path, { ...action.request, signal: context.signal })
      .catch((error: unknown) => {
        throw withHint(error, action.hints ?? {})
      })
    context.terminal.result({ ok: true, ...answer }, () => action.done(answer))
  }
  await withRoutes(context, flags, perform, action.answeredBy)
}

/** @throws CommandFailure `usage` */
export function required(operands: readonly string[], what: string): string {
  const [operand] = operands
  if (operand === undefined || operand === '') throw usageFailure(`Name ${what}.`)
  return operand
}

/** Template tag for a path; encodes the variable parts. */
export function path(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return strings.reduce((text, string, index) => text + encodeURIComponent(values[index - 1] ?? '') + string)
}

/** Returns a function that reads the named fields of a row as text. */
export function cells(...fields: readonly string[]): (row: Row) => readonly string[] {
  return (row) => fields.map((field) => textOf(row[field]))
}

function withHint(error: unknown, hints: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof CommandFailure)) return error
  const hint = Object.hasOwn(hints, error.code) ? hints[error.code] : undefined
  return hint === undefined ? error : new CommandFailure(error.code, error.message, { hint, cause: error })
}

/** Returns the objects of an array; none for other values. */
export function rowsOf(value: Json | undefined): Row[] {
  return Array.isArray(value) ? value.filter((row): row is Row => typeof row === 'object' && row !== null) : []
}
