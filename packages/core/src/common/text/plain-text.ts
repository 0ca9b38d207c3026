/**
 * What steers a terminal or the direction of text instead of being read: control characters (C0, DEL and C1, whose
 * U+009B begins an escape sequence as ESC [ does), format characters such as the bidirectional overrides, separators of
 * lines, and halves of characters. The joiner inside an emoji is part of what is read.
 */
const unreadable =
  /(?!(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Text that somebody else wrote, as it may go to a terminal: on one line, with what a terminal would obey spelled out
 * instead.
 *
 * @example
 * ```ts
 * plainText('\u001b[2Jgone\n') // '\\u{1b}[2Jgone '
 * ```
 */
export function plainText(text: string): string {
  return text.replaceAll(unreadable, (character) =>
    /[\t-\r\u0085\p{Zl}\p{Zp}]/u.test(character) ? ' ' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/**
 * JSON on one line with the same characters in JSON's own escapes: it reads back as what it was. In such JSON they stand in
 * strings only.
 */
export function escapeInJson(json: string): string {
  return json.replaceAll(unreadable, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
