import { domainToASCII } from 'node:url'
import { invalidOption } from '../channel-options.ts'

/** Bytes of text in one encoded word, which has at most 75 characters (RFC 2047 §2): 12 around the base64 of these. */
const bytesPerWord = 45

/**
 * A text as a header without structure, such as `Subject`: on one line, and as encoded words where a reader could take a part of
 * it for one. Everything else is encoded by nodemailer.
 */
export function headerText(text: string): string {
  const line = onOneLine(text)
  return looksEncoded(line) ? encodedWords(line) : line
}

/**
 * A display name on one line. Nodemailer puts a name of ASCII in quotes, where many readers decode an encoded word all the same,
 * and encodes any other: a name that looks like an encoded word gets an invisible character (U+2060) at its end.
 */
export function headerName(name: string): string {
  const line = onOneLine(name)
  return looksEncoded(line) ? `${line}\u2060` : line
}

/**
 * The domain of the sender for `Message-ID`, in ASCII (RFC 5322 §3.6.4, RFC 5890 §2.3.2.1).
 *
 * @throws FocusError `invalid_option` when there is none
 */
export function senderDomain(from: string): string {
  const domain = domainToASCII(/@([^\s@<>]+)>?\s*$/.exec(from)?.[1] ?? '')
  if (domain !== '') return domain
  throw invalidOption(
    `email: from: ${JSON.stringify(from)} is not an address.`,
    'Use the form "Focus <hello@app.example>".',
  )
}

/** Returns a URL in the form for `List-Unsubscribe` (RFC 2369 §2); null for a text that is not a URL. */
export function headerUrl(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { href } = new URL(url)
  return /^[\x21-\x7e]+$/.test(href) ? href.replaceAll('<', '%3C').replaceAll('>', '%3E') : null
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function looksEncoded(text: string): boolean {
  return text.includes('=?')
}

/** RFC 2047, base64. White space between encoded words is not part of the text. */
function encodedWords(text: string): string {
  const words = ['']
  for (const character of text) {
    const last = words.at(-1) ?? ''
    if (Buffer.byteLength(last + character) > bytesPerWord && last !== '') words.push(character)
    else words[words.length - 1] = last + character
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}
