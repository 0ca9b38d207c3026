import { errorCatalogue } from '../src/common/errors.ts'

/** Returns `docs/errors.md`, generated from the error codes of the source. */
export function errorDocument(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  return `${introduction}\n| code | HTTP status | title |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

const introduction = `# Error codes

This page is generated from \`packages/core/src/common/errors.ts\` by \`npm run protocol\`; do not edit it.

Every error has a stable code: in TypeScript as \`FocusError.code\`, over HTTP as \`code\` of an RFC 9457 problem. Its \`detail\` says
what happened, and its \`hint\` what to do. Codes are only ever added. [PROTOCOL.md](../packages/core/PROTOCOL.md) lists the
codes of the WebSocket.
`
