const NARROWEST = 30

/**
 * Wraps text between words and indents the lines after the first. Line breaks in the text are kept.
 *
 * @param width maximum number of characters per line
 */
export function wrap(text: string, width: number, indent: number): string {
  const limit = Math.max(NARROWEST, width)
  const lines = text.split('\n').flatMap((line) => {
    const broken: string[] = []
    let current = /^ */.exec(line)?.[0] ?? ''
    for (const word of line.trim().split(' ')) {
      if (current.trim() !== '' && current.length + 1 + word.length > limit) {
        broken.push(current)
        current = word
      } else {
        current += current.trim() === '' ? word : ` ${word}`
      }
    }
    return [...broken, current]
  })
  return lines.join(`\n${' '.repeat(indent)}`)
}
