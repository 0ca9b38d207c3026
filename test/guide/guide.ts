import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** A fenced block of the guide. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** The headings above it, outermost first. */
  readonly headings: readonly string[]
  /** The bold words of the last line of text before it, such as `Heartbeat`. */
  readonly label: string
}

const path = resolve(import.meta.dirname, '../../docs/guide.fr.md')

/** The text that today's users follow. */
export const guideText = readFileSync(path, 'utf8')

export const codeBlocks: readonly CodeBlock[] = parse(guideText)

/** The only block of a language that contains `marker`. */
export function codeBlock(language: string, marker: string): string {
  const found = codeBlocks.filter((block) => block.language === language && block.code.includes(marker))
  const [block] = found
  if (!block || found.length > 1) throw new Error(`${found.length} ${language} blocks of the guide contain ${marker}.`)
  return block.code
}

/** The code with the guide's host and port replaced by those of a running server, and nothing else. */
export function pointedAt(code: string, server: { url: string }): string {
  return code.replaceAll('localhost:8000', new URL(server.url).host)
}

function parse(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const headings: string[] = []
  let label = ''
  let open: { language: string; indent: string; lines: string[] } | null = null
  for (const line of text.split('\n')) {
    const fence = /^(\s*)```(\w*)$/.exec(line)
    if (fence && open) {
      const { indent, lines } = open
      const code = lines.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each)).join('\n')
      blocks.push({ language: open.language, code, headings: headings.filter(Boolean), label })
      open = null
    } else if (fence) {
      open = { language: fence[2] ?? '', indent: fence[1] ?? '', lines: [] }
    } else if (open) {
      open.lines.push(line)
    } else {
      const heading = /^(#+) (.*)$/.exec(line)
      if (heading?.[1]) headings.splice(heading[1].length - 1, Infinity, heading[2] ?? '')
      else if (line.trim() !== '') label = /\*\*(.+?)\*\*/.exec(line)?.[1] ?? ''
    }
  }
  return blocks
}
