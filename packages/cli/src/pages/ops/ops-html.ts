import { type Html, html } from '../html.ts'
import type { Locale } from '../locale.ts'
import { type OpsTexts, opsTexts } from './ops-texts.ts'

/** Returns the operations page without any data: the script fills it in once it has an admin key. */
export function opsHtml(locale: Locale, basePath: string): string {
  const text = opsTexts[locale]
  return html`<!doctype html>
<html lang="${locale}" data-base="${basePath}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${text.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/focus/ops.css">
<script type="module" src="/focus/ops.js"></script>
</head>
<body>
<header><h1>${text.title}</h1><p id="state" role="status"></p><button type="button" id="close" hidden>${text.close}</button></header>
<main>
  ${keyForm(text)}
  <div id="board" hidden>
    ${tiles(text)}
    ${plots(text)}
    ${nodeTable(text)}
    ${connectionTable(text)}
    ${recentTable(text)}
    <div class="columns">
      ${userTable(text)}
      ${sendForm(text)}
    </div>
  </div>
</main>
</body>
</html>
`.toString()
}

function keyForm(text: OpsTexts): Html {
  return html`<form class="card" id="key-form">
    <label for="key">${text.key}</label>
    <input id="key" type="password" autocomplete="current-password" required autofocus aria-describedby="key-hint">
    <p class="hint" id="key-hint">${text.keyHint}</p>
    <button class="primary">${text.open}</button>
  </form>`
}

function tiles(text: OpsTexts): Html {
  return html`<dl class="tiles">
      <div><dt>${text.people}</dt><dd id="people">–</dd></div>
      <div><dt>${text.connections}</dt><dd id="connection-count">–</dd></div>
      <div><dt>${text.nodes}</dt><dd id="nodes">–</dd></div>
      <div><dt>${text.deliveries}</dt><dd id="deliveries">–</dd></div>
      <div><dt>${text.outbox}</dt><dd id="outbox">–</dd></div>
      <div><dt>${text.latency}, p99</dt><dd id="latency">–</dd></div>
    </dl>`
}

function plots(text: OpsTexts): Html {
  return html`<div class="plots">
      <figure class="card"><figcaption>${text.connections}</figcaption><div id="plot-connections"></div></figure>
      <figure class="card"><figcaption>${text.deliveries} · ${text.actions}</figcaption><div id="plot-rates"></div></figure>
      <figure class="card"><figcaption>${text.latency}</figcaption><div id="plot-latency"></div></figure>
    </div>`
}

function connectionTable(text: OpsTexts): Html {
  return html`<section class="card" aria-labelledby="connections-title">
      <h2 id="connections-title">${text.connections}</h2>
      <div class="scroll"><table><thead><tr>${head(text.user, text.node, text.age, text.transport, text.offset, text.lag, '')}</tr></thead><tbody id="connections"></tbody></table></div>
      <p class="hint" id="no-connections">${text.noConnections}</p>
      <p class="hint" id="missing-nodes" hidden>${text.missingNodes} <span id="missing-node-names"></span></p>
    </section>`
}

function recentTable(text: OpsTexts): Html {
  return html`<section class="card" aria-labelledby="recent-title">
      <h2 id="recent-title">${text.recent}</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="recent-title"><table><thead><tr>${head(text.time, text.user, text.notificationTitle, text.type, text.event, text.read)}</tr></thead><tbody id="recent"></tbody></table></div>
      <p class="hint" id="no-recent">${text.noRecent}</p>
    </section>`
}

function nodeTable(text: OpsTexts): Html {
  return html`<section class="card" aria-labelledby="nodes-title">
      <h2 id="nodes-title">${text.nodes}</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="nodes-title"><table><thead><tr>${head(text.node, text.address, text.version, text.age, text.people, text.connections)}</tr></thead><tbody id="node-list"></tbody></table></div>
      <p class="hint" id="broker-away" hidden>${text.brokerAway}</p>
    </section>`
}

function userTable(text: OpsTexts): Html {
  return html`<section class="card" aria-labelledby="users-title">
        <h2 id="users-title">${text.users}</h2>
        <label for="search">${text.search}</label><input id="search" type="search">
        <div class="scroll"><table><thead><tr>${head('ID', text.name, text.email)}</tr></thead><tbody id="users"></tbody></table></div>
        <p class="hint" id="no-users">${text.noUsers}</p>
      </section>`
}

function sendForm(text: OpsTexts): Html {
  return html`<form class="card" id="send-form" aria-labelledby="send-title">
        <h2 id="send-title">${text.send}</h2>
        <label for="to">${text.to}</label><input id="to" required>
        <label for="title">${text.notificationTitle}</label><input id="title" required value="Test">
        <label for="message">${text.message}</label><input id="message" required value="Focus">
        <label for="type">${text.type}</label>
        <select id="type"><option>info</option><option>success</option><option>warning</option><option>error</option></select>
        <button class="primary">${text.submit}</button>
        <p id="send-result" role="status"></p>
        <h3>${text.sent}</h3>
        <ol id="sent"></ol>
      </form>`
}

function head(...names: readonly string[]): Html[] {
  return names.map((name) => html`<th scope="col">${name}</th>`)
}
