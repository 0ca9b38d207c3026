/**
 * Template tag for whole files. It removes the common indentation, indents interpolated blocks to their column, and
 * drops lines that hold only empty blocks, so that optional parts leave no gap.
 *
 * @example
 * ```ts
 * text`
 *   steps:
 *     ${checkout}
 *     ${cached ? cacheStep : ''}
 * `
 * ```
 */
export function text(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const margin = commonMargin(strings)
  let out = ''
  strings.forEach((part, index) => {
    out += part.replaceAll(`\n${margin}`, '\n')
    const value = values[index]
    if (value === undefined) return
    out += value === '' ? dropped : indentFurther(String(value), currentIndent(out))
  })
  return out
    .split('\n')
    .filter((line) => !line.includes(dropped) || line.replaceAll(dropped, '').trim() !== '')
    .map((line) => line.replaceAll(dropped, '').trimEnd())
    .join('\n')
    .replace(/^\n/, '')
    .trimEnd()
}

/** Placeholder for an empty interpolation; lines that hold nothing else are dropped. */
const dropped = '\u0000'

function commonMargin(strings: TemplateStringsArray): string {
  const margins = strings
    .join(dropped)
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)?.[0] ?? '')
  return margins.reduce((least, margin) => (margin.length < least.length ? margin : least), margins[0] ?? '')
}

function currentIndent(written: string): string {
  const line = written.slice(written.lastIndexOf('\n') + 1)
  return /^ */.exec(line)?.[0] ?? ''
}

function indentFurther(block: string, indent: string): string {
  return block.replaceAll(/\n(?=[^\n])/g, `\n${indent}`)
}

/** Returns a GitHub Actions expression. */
export function expression(source: string): string {
  return `\${{ ${source} }}`
}

/** Joins blocks with an empty line between them; skips empty blocks. */
export function paragraphs(...blocks: readonly string[]): string {
  return blocks.filter((block) => block !== '').join('\n\n')
}

/** Joins lines; skips empty ones. */
export function lines(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n')
}

/** Returns a YAML scalar: plain when that is certainly safe, double-quoted otherwise. */
export function yamlScalar(value: string): string {
  const plain =
    /^[A-Za-z_./][\w ./@:+-]*$/.test(value) &&
    !/:(?: |$)| $/.test(value) &&
    !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value)
  return plain ? value : JSON.stringify(value)
}

/** Quotes one word of a POSIX shell command where necessary. */
export function shellWord(value: string): string {
  return /^[\w./@:=+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
