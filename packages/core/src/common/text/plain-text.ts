/**
 * Characters that control a terminal or the direction of text: control characters (C0, DEL and C1, whose U+009B starts an
 * escape sequence as ESC [ does), format characters such as bidirectional overrides, line separators, and lone surrogates.
 * The joiner inside an emoji is not one of them.
 */
const unreadable =
  /(?!(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Makes untrusted text safe for a terminal: one line, with control characters spelled out.
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

/** Escapes the same characters in JSON text by JSON's own escapes, so that it parses to the same value. */
export function escapeInJson(json: string): string {
  return json.replaceAll(unreadable, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
