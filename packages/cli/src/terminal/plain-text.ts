import { escapeInJson, plainText } from '@focus-api/core/internal/light'

export { escapeInJson, plainText } from '@focus-api/core/internal/light'

/** Applies {@link plainText} to each line of a text. */
export function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n')
}

/** Returns the JSON of a document without characters that control a terminal. */
export function plainJson(document: unknown): string {
  return escapeInJson(JSON.stringify(document))
}
