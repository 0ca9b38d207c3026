import { html } from '../pages/html.ts'
import type { Person } from './person.ts'

/** Draws the picture of a person: the initial on a colour derived from the subject. */
export function avatarSvg(person: Person): string {
  const hue = Array.from(person.subject).reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 360, 7)
  const initial = Array.from(person.name)[0] ?? '?'
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" role="img" aria-label="${person.name}">
<rect width="96" height="96" fill="hsl(${hue} 55% 42%)"/>
<text x="48" y="50" fill="#fff" font-family="system-ui,sans-serif" font-size="46" text-anchor="middle" dominant-baseline="central">${initial}</text>
</svg>`.toString()
}
