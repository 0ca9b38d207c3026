/**
 * A template tag for whole files. The common indentation goes, an interpolated block keeps the column it was put at, and
 * a line that held nothing but empty blocks disappears, so that optional parts of a file leave no hole.
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

/** Stands for an empty interpolation until its line is known to be empty or not. */
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

/** A GitHub Actions expression. */
export function expression(source: string): string {
  return `\${{ ${source} }}`
}

/** Blocks with an empty line between them; empty blocks are left out. */
export function paragraphs(...blocks: readonly string[]): string {
  return blocks.filter((block) => block !== '').join('\n\n')
}

/** Lines below each other; empty ones are left out. */
export function lines(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n')
}

/** A YAML scalar: plain where that is safe beyond doubt, double-quoted otherwise. */
export function yamlScalar(value: string): string {
  const plain =
    /^[A-Za-z_./][\w ./@:+-]*$/.test(value) &&
    !/:(?: |$)| $/.test(value) &&
    !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value)
  return plain ? value : JSON.stringify(value)
}

/** One word of a POSIX shell command. */
export function shellWord(value: string): string {
  return /^[\w./@:=+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
