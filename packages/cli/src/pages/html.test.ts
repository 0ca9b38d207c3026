import { expect, test } from 'vitest'
import { html } from './html.ts'

test('escapes text, but not its own results', () => {
  const inner = html`<b>${'<i>"x" & \'y\'</i>'}</b>`
  expect(html`<p title="${'"'}">${inner}${[inner]}</p>`.toString()).toBe(
    '<p title="&quot;"><b>&lt;i&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/i&gt;</b><b>&lt;i&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/i&gt;</b></p>',
  )
})
