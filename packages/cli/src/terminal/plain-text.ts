import { escapeInJson, plainText } from '@focus-api/core/internal'

export { escapeInJson, plainText } from '@focus-api/core/internal'

/** {@link plainText} for text of several lines, whose line feeds stay. */
export function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n')
}

/** The JSON of a document without a character that a terminal obeys. */
export function plainJson(document: unknown): string {
  return escapeInJson(JSON.stringify(document))
}
