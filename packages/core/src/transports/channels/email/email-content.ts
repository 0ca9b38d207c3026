import { ownLanguage } from '../../../common/text/locale.ts'
import { escapeHtml } from '../../../common/text/escape-html.ts'
import { emailTexts } from '../../../messages/email-texts.ts'
import type { OutboundMessage } from '../../transport.ts'

/** The content of one mail. */
export interface EmailContent {
  readonly subject: string
  readonly text: string
  readonly html?: string
}

/** Returns the title and message of a notification as text and HTML, with a link to unsubscribe where there is one. */
export function defaultContent(
  message: OutboundMessage,
  unsubscribeUrl: string | null,
  defaultLocale: 'fr' | 'en',
): EmailContent {
  const language = ownLanguage(message.user?.locale ?? defaultLocale) ?? 'en'
  const { unsubscribe } = emailTexts[language]
  const footer = unsubscribeUrl === null ? '' : `\n\n--\n${unsubscribe}: ${unsubscribeUrl}`
  return {
    subject: message.title,
    text: `${message.message || message.title}${footer}\n`,
    html: htmlOf(message, language, unsubscribeUrl === null ? null : { url: unsubscribeUrl, text: unsubscribe }),
  }
}

function htmlOf(message: OutboundMessage, lang: string, link: { readonly url: string; readonly text: string } | null) {
  const footer =
    link === null
      ? ''
      : `<p style="margin-top:32px;font-size:13px"><a href="${escapeHtml(link.url)}" style="color:#666">${escapeHtml(link.text)}</a></p>`
  return `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(message.title)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#222">
<div style="max-width:560px;margin:0 auto">
<h1 style="font-size:20px;margin:0 0 12px">${escapeHtml(message.title)}</h1>
<p style="margin:0;white-space:pre-line">${escapeHtml(message.message)}</p>
${footer}
</div></body></html>
`
}
