import { html, type Html } from '../pages/html.ts'
import { pickLocale, type Locale } from '../pages/locale.ts'

const texts = {
  fr: {
    title: 'Se connecter',
    intro: 'Cet émetteur remplace Google pendant le développement. Tapez un nom : il devient votre compte.',
    name: 'Votre nom',
    submit: 'Continuer',
    or: 'ou choisissez une personne',
    as: 'Continuer en tant que',
    cancel: 'Refuser et revenir',
    warning: 'Pour le développement seulement : aucun mot de passe n’est demandé.',
    invalid: 'Ce nom ne peut pas être utilisé. Tapez au moins une lettre, et 60 caractères au plus.',
    gone: 'Cette demande de connexion a expiré. Revenez à l’application et recommencez.',
    refused: 'La demande de connexion est refusée',
  },
  en: {
    title: 'Sign in',
    intro: 'This issuer replaces Google during development. Type a name: it becomes your account.',
    name: 'Your name',
    submit: 'Continue',
    or: 'or pick a person',
    as: 'Continue as',
    cancel: 'Refuse and go back',
    warning: 'For development only: no password is required.',
    invalid: 'This name cannot be used. Type at least one letter, and at most 60 characters.',
    gone: 'This sign-in request has expired. Go back to the application and start again.',
    refused: 'The sign-in request is refused',
  },
} as const

export interface SignInPage {
  readonly acceptLanguage: string | undefined
  /** Path of the authorization request, to which the page adds the name as `login_hint`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly authorizationEndpoint: string
  /** The redirect URI of the client with `error=access_denied` (RFC 6749 §4.1.2.1), for a refusal. */
  readonly refusalUrl: string
  /** Whether a name was typed that cannot be used. */
  readonly invalidName: boolean
}

/** Returns the page that asks for a name. It contains no script and works without cookies. */
export function signInPage({ acceptLanguage, ...page }: SignInPage): string {
  const locale = pickLocale(page.parameters.ui_locales ?? acceptLanguage)
  const text = texts[locale]
  const { login_hint: _, ...parameters } = page.parameters
  const hidden = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  const error = page.invalidName ? html`<p class="error" role="alert" id="error">${text.invalid}</p>` : html``
  const suggestions = ['alice', 'bob'].map(
    (name) => html`<button class="person" name="login_hint" value="${name}" aria-label="${text.as} ${name}">
      <span class="initial" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>${name}
    </button>`,
  )
  return layout(
    locale,
    text.title,
    html`<h1>${text.title}</h1>
      <p>${text.intro}</p>
      ${error}
      <form action="${page.authorizationEndpoint}" method="get">
        ${hidden}
        <label for="name">${text.name}</label>
        <input id="name" name="login_hint" required maxlength="60" autocomplete="username" autofocus autocapitalize="none">
        <button class="primary" type="submit">${text.submit}</button>
      </form>
      <p class="or">${text.or}</p>
      <form action="${page.authorizationEndpoint}" method="get" class="people">${hidden}${suggestions}</form>
      <p><a href="${page.refusalUrl}">${text.cancel}</a></p>
      <p class="warning">${text.warning}</p>`,
  )
}

/** Returns the page for a request that cannot be answered at the client, for example with an unknown redirect URI. */
export function refusalPage(acceptLanguage: string | undefined, error: string, description: string): string {
  const locale = pickLocale(acceptLanguage)
  const text = texts[locale]
  return layout(locale, text.refused, html`<h1>${text.refused}</h1><p><code>${error}</code></p><p>${description}</p>`)
}

/** Returns the page for a sign-in that expired, or that was started before a restart. */
export function expiredPage(acceptLanguage: string | undefined): string {
  const locale = pickLocale(acceptLanguage)
  return layout(locale, texts[locale].title, html`<h1>${texts[locale].title}</h1><p>${texts[locale].gone}</p>`)
}

function layout(locale: Locale, title: string, body: Html): string {
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sign-in.css">
</head>
<body><main>${body}</main></body>
</html>
`.toString()
}

export const signInStyles = `
:root { --text: #1c2333; --muted: #5b647a; --line: #d5dae5; --card: #fff; --back: #f2f4f9; --accent: #3b5bdb; --alarm: #b3261e }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8ebf4; --muted: #a3abc0; --line: #3a4256; --card: #1b2030; --back: #11141f; --accent: #91a7ff; --alarm: #ffb4ab }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.2 }
p { margin: .75rem 0; color: var(--muted) }
a { color: var(--accent) }
code { overflow-wrap: anywhere }
label { display: block; font-weight: 600; margin-top: 1.25rem }
input:not([type=hidden]) { width: 100%; margin: .35rem 0 .75rem; padding: .65rem .75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--muted); border-radius: .5rem }
button { width: 100%; padding: .65rem .75rem; font: inherit; font-weight: 600; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .5rem; cursor: pointer }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--card) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.or { text-align: center }
.people { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem }
.person { display: flex; align-items: center; gap: .6rem }
.initial { display: grid; place-items: center; width: 1.8rem; height: 1.8rem; border-radius: 50%; background: var(--accent); color: var(--card) }
.warning { font-size: .85rem; border-top: 1px solid var(--line); padding-top: .9rem; margin-bottom: 0 }
.error { color: var(--alarm); font-weight: 600 }
`
