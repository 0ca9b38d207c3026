import { loadConfig } from '../../config/config-file.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { examine, type ExamineFlags } from '../../doctor/examine.ts'
import type { Finding } from '../../doctor/finding.ts'
import { ExitCode } from '../../terminal/failure.ts'
import { plainLines } from '../../terminal/plain-text.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { wrap } from '../../terminal/wrap.ts'

/** `focus doctor`: finds problems and shows how to fix them. Exits 1 when a check failed. */
export async function run(context: CommandContext, flags: ExamineFlags): Promise<number> {
  const { terminal, signal } = context
  const config = await loadConfig(context)
  const checks = await examine(context, flags, config, (seconds) =>
    terminal.note(
      `Waiting up to ${Math.round(seconds)} s for a heartbeat, to test idle connections (--quick skips this).`,
    ),
  )
  signal.throwIfAborted()
  const healthy = checks.every(({ status }) => status !== 'failed')
  terminal.result({ ok: healthy, checks: checks.map(toJson) }, () => report(terminal, checks))
  return healthy ? ExitCode.done : ExitCode.failed
}

/** A finding as `--json` prints it. `mend` is the deprecated name of `fix`; the next minor version removes it. */
function toJson(finding: Finding): Finding & { readonly mend?: string } {
  return finding.fix === undefined ? finding : { ...finding, mend: finding.fix }
}

const marks = { ok: '✓', warning: '!', failed: '✗', skipped: '–' } as const
const colours = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const

function report(terminal: Terminal, checks: readonly Finding[]): string {
  const width = Math.max(...checks.map(({ check }) => check.length))
  const lines = checks.map(({ check, status, message, fix }) => {
    const hanging = width + 4
    const text = wrap(plainLines(message), terminal.columns - hanging, hanging)
    const line = `${terminal.style(colours[status], marks[status])} ${check.padEnd(width)}  ${text}`
    if (fix === undefined) return line
    return `${line}\n${' '.repeat(hanging)}→ ${wrap(plainLines(fix), terminal.columns - hanging - 2, hanging + 2)}`
  })
  const count = (status: Finding['status']) => checks.filter((check) => check.status === status).length
  const summary = `${count('ok')} fine, ${count('warning')} to look at, ${count('failed')} broken, ${count('skipped')} not checked`
  return [...lines, '', terminal.style(count('failed') > 0 ? 'red' : 'green', summary)].join('\n')
}
