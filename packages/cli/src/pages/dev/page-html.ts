import { html } from '../html.ts'
import type { Locale } from '../locale.ts'
import { pageTexts, type Texts } from './page-texts.ts'

export interface PageContent {
  readonly locale: Locale
  /** Whether sign-in is enabled. */
  readonly signIn: boolean
}

/** Returns the page of `focus dev` before its script runs: signed out, without user input. */
export function pageHtml({ locale, signIn }: PageContent): string {
  const text = pageTexts[locale]
  const other = locale === 'fr' ? 'en' : 'fr'
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text.title}</title>
<link rel="icon" href="/focus-page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/focus-page/page.css">
<script type="module" src="/focus-page/page.js"></script>
</head>
<body>
<header>
  <p class="brand"><span class="mark" aria-hidden="true"></span>Focus</p>
  <p class="state" id="state" data-state="idle" role="status" aria-label="${text.connection}" hidden><span id="state-text">${text.states.idle}</span></p>
  <button type="button" id="retry" hidden>${text.retry}</button>
  <nav aria-label="${text.languages}">
    <span aria-current="true" lang="${locale}">${locale === 'fr' ? 'Français' : 'English'}</span>
    <a href="/?lang=${other}" lang="${other}" hreflang="${other}">${other === 'fr' ? 'Français' : 'English'}</a>
  </nav>
</header>
<main>
  <p class="failure" id="failure" role="alert" hidden></p>
  <section class="card hero" id="signed-out">
    <h1 id="welcome" tabindex="-1">${text.welcome}</h1>
    <p>${text.intro}</p>
    ${signIn ? signInButton(text) : html`<p class="hint">${text.signInOff}</p>`}
    <noscript><p class="failure">${text.noscript}</p></noscript>
  </section>
  <div class="columns" id="signed-in" hidden>
    <div class="side">
      <section class="card person" aria-labelledby="person-name">
        <img id="person-picture" alt="" width="48" height="48" hidden>
        <div><h1 id="person-name"></h1><p id="person-email"></p></div>
        <button type="button" id="sign-out">${text.signOut}</button>
      </section>
      <section class="card" aria-labelledby="try-title">
        <h2 id="try-title">${text.tryIt}</h2>
        <div class="samples">${Object.entries(text.samples).map(
          ([sample, label]) => html`<button type="button" data-sample="${sample}">${label}</button>`,
        )}</div>
        <h2>${text.terminal}</h2>
        <div class="command"><code id="command"></code><button type="button" id="copy">${text.copy}</button></div>
      </section>
    </div>
    <section class="card" aria-labelledby="list-title">
      <div class="list-head">
        <h2 id="list-title" tabindex="-1">${text.notifications}</h2>
        <p class="unread" id="unread" hidden><strong id="unread-count">0</strong> ${text.unread}</p>
        <button type="button" id="read-all" hidden>${text.readAll}</button>
      </div>
      <p class="hint" id="empty">${text.empty}</p>
      <ol id="notifications" aria-live="polite" aria-relevant="additions"></ol>
      <button type="button" id="more" hidden>${text.more}</button>
    </section>
  </div>
</main>
<footer><p>${text.tagline}</p></footer>
</body>
</html>
`.toString()
}

function signInButton(text: Texts) {
  return html`<button type="button" class="primary" id="sign-in">${text.signIn}</button>
    <p class="hint">${text.devIssuer}</p>`
}
