import { errorCatalogue } from '../src/common/errors.ts'

/** `docs/errors.md`, made from the table that answers. */
export function errorDocument(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  )
  return `${introduction}\n| code | HTTP status | what it says |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

const introduction = `# Error codes

Made by \`pnpm --filter @focus-api/core run protocol\` from \`packages/core/src/errors.ts\`; do not edit.

Every refusal has a stable code: in TypeScript as \`FocusError.code\`, over HTTP as \`code\` of an RFC 9457 problem, whose \`detail\` says
what happened and whose \`hint\` says what to do about it. Codes are only ever added. The WebSocket's own codes are in
[PROTOCOL.md](../packages/core/PROTOCOL.md).
`
