import { spawn } from 'node:child_process'
import { loadConfig } from '../../config/config-file.ts'
import type { CommandContext } from '../../terminal/context.ts'
import { readDevSettings, type DevFlags } from '../../dev/dev-settings.ts'
import { terminalLogger } from '../../terminal/terminal-logger.ts'
import { exitCodeOf, untilEnded } from '../../server/until-ended.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** `focus dev`: a complete development setup with no configuration, until SIGINT (exit 130) or SIGTERM (exit 0). */
export async function run(context: CommandContext, flags: DevFlags): Promise<number> {
  const { terminal, env, signal } = context
  const config = await loadConfig(context)
  const settings = readDevSettings(flags, context, config)
  if (!settings.loopbackOnly) {
    terminal.warn(
      `listening on ${settings.host}: other machines can reach this server. The development issuer asks for no password and answers on this machine only; \`focus serve\` is for production.`,
    )
  }
  context.outliveReader()
  const { startDevServer } = await import('../../dev/dev-server.ts')
  const server = await startDevServer(settings, config, { env, logger: terminalLogger(terminal) })
  try {
    terminal.result(
      { url: server.url, admin_key: server.adminKey, issuer: server.issuer, database: server.database },
      () => welcome(terminal, server.url, server.devIssuer),
    )
    if (flags.open) openBrowser(terminal, server.url)
    await untilEnded(signal)
    terminal.note('Stopping: closing sockets and finishing requests.')
  } finally {
    await server.close()
  }
  return exitCodeOf(signal)
}

function welcome(terminal: Terminal, url: string, devIssuer: boolean): string {
  const who = devIssuer
    ? 'The development issuer replaces Google: type any name to sign in. For development only.'
    : 'Users sign in with Google (GOOGLE_CLIENT_ID).'
  return [
    '',
    `  ${terminal.style(['bold', 'green'], 'Focus')} is ready at ${terminal.style(['bold', 'cyan'], url)}`,
    '',
    `  ${who}`,
    '',
    '  From another terminal, in this folder:',
    '    npx focus notify alice --title Bonjour --message "Ça marche"',
    '    npx focus stats --watch',
    '',
    terminal.style('dim', '  Ctrl-C ends it.'),
  ].join('\n')
}

/** Opens the page in a browser, if there is one; the address is printed in any case. */
function openBrowser(terminal: Terminal, url: string): void {
  const [command, ...args] = { darwin: ['open', url], win32: ['cmd', '/c', 'start', '', url] }[
    process.platform as string
  ] ?? ['xdg-open', url]
  const browser = spawn(String(command), args.map(String), { stdio: 'ignore', detached: true })
  browser.on('error', () => terminal.warn(`no browser could be opened; the page is at ${url}`))
  browser.unref()
}
