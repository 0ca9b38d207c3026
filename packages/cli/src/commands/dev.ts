import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { CommandContext } from '../context.ts'
import { readDevSettings, type DevFlags } from '../dev/settings.ts'
import { terminalLogger } from '../dev/terminal-logger.ts'
import { ExitCode, Interruption } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** `focus dev`: the main job with no configuration, until SIGINT (exit 130) or SIGTERM (exit 0). */
export async function run(context: CommandContext, flags: DevFlags): Promise<number> {
  const { terminal, env, signal } = context
  const settings = readDevSettings(flags, context)
  if (!settings.loopbackOnly) {
    terminal.warn(
      `listening on ${settings.host}: other machines can reach this server. The development issuer asks for no password and answers on this machine only; \`focus serve\` is for production.`,
    )
  }
  context.outliveReader()
  const { startDevServer } = await import('../dev/server.ts')
  const server = await startDevServer(settings, env, terminalLogger(terminal))
  try {
    terminal.result(
      { url: server.url, admin_key: server.adminKey, issuer: server.issuer, database: server.database },
      () => welcome(terminal, server.url, server.devIssuer),
    )
    if (flags.open) openBrowser(terminal, server.url)
    if (!signal.aborted) await once(signal, 'abort')
    terminal.note('Ending: sockets are told, requests under way are answered.')
  } finally {
    await server.close()
  }
  // A supervisor's SIGTERM is how a server ends well; Ctrl-C is an interruption like any other command's.
  return signal.reason instanceof Interruption && signal.reason.signal === 'SIGINT'
    ? ExitCode.interrupted
    : ExitCode.done
}

function welcome(terminal: Terminal, url: string, devIssuer: boolean): string {
  const who = devIssuer
    ? 'The development issuer stands in for Google: type any name to sign in. For development only.'
    : 'People sign in with Google, by GOOGLE_CLIENT_ID.'
  return [
    '',
    `  ${terminal.style(['bold', 'green'], 'Focus')} is ready at ${terminal.style(['bold', 'cyan'], url)}`,
    '',
    `  ${who}`,
    '',
    '  From another terminal, in this folder:',
    '    focus notify alice --title Bonjour --message "Ça marche"',
    '    focus stats --watch',
    '',
    terminal.style('dim', '  Ctrl-C ends it.'),
  ].join('\n')
}

/** Best effort: a machine without a browser still has the address on its terminal. */
function openBrowser(terminal: Terminal, url: string): void {
  const [command, ...args] = { darwin: ['open', url], win32: ['cmd', '/c', 'start', '', url] }[
    process.platform as string
  ] ?? ['xdg-open', url]
  const browser = spawn(String(command), args.map(String), { stdio: 'ignore', detached: true })
  browser.on('error', () => terminal.warn(`no browser could be opened; the page is at ${url}`))
  browser.unref()
}
