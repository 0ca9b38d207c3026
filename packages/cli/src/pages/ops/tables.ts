import { make } from '../elements.ts'
import type { OpsTexts } from './ops-texts.ts'
import { type Row, textOf } from './admin-api.ts'

/** @param onCut called with the connection whose button was pressed */
export function drawConnections(
  body: HTMLElement,
  connections: readonly Row[],
  names: ReadonlyMap<unknown, string>,
  texts: OpsTexts,
  onCut: (id: string) => void,
): void {
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: 'medium' })
  body.replaceChildren(
    ...connections.map((connection) => {
      const cut = make('button', '', texts.end)
      cut.type = 'button'
      cut.addEventListener('click', () => onCut(String(connection.id)))
      const action = make('td', '', '')
      action.append(cut)
      return row(
        [
          personOf(connection.user_id, names),
          connection.node,
          time.format(new Date(String(connection.since))),
          connection.transport,
          connection.offset,
          connection.lag,
        ],
        action,
      )
    }),
  )
}

export function drawUsers(
  body: HTMLElement,
  users: readonly Row[],
  texts: OpsTexts,
  onPick: (username: string) => void,
): void {
  body.replaceChildren(
    ...users.map((user) => {
      const disabled = user.disabled === true ? ` (${texts.disabled})` : ''
      const pick = make('button', 'link', String(user.username))
      pick.type = 'button'
      pick.addEventListener('click', () => onPick(String(user.username)))
      const name = make('td', '', '')
      name.append(pick, disabled)
      const drawn = document.createElement('tr')
      drawn.append(make('td', '', String(user.id)), name, make('td', '', textOf(user.email)))
      return drawn
    }),
  )
}

export function drawNodes(body: HTMLElement, nodes: readonly Row[]): void {
  const { lang } = document.documentElement
  const time = new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'short' })
  body.replaceChildren(
    ...nodes
      .toSorted((one, other) => textOf(one.name).localeCompare(textOf(other.name)))
      .map(({ name, address, version, started_at: startedAt, users, connections }) =>
        row([name, address, version, time.format(new Date(textOf(startedAt))), users, connections]),
      ),
  )
}

export function drawRecent(
  body: HTMLElement,
  notifications: readonly Row[],
  names: ReadonlyMap<unknown, string>,
  texts: OpsTexts,
): void {
  const { lang } = document.documentElement
  const time = new Intl.DateTimeFormat(lang, { dateStyle: 'short', timeStyle: 'medium' })
  const at = (value: unknown) => (typeof value === 'string' ? time.format(new Date(value)) : '')
  body.replaceChildren(
    ...notifications.map((notification) => {
      const { count } = notification
      const merged = typeof count === 'number' && count > 1 ? ` ×${count}` : ''
      return row([
        at(notification.created_at),
        notification.user_id === null ? texts.everybody : personOf(notification.user_id, names),
        `${textOf(notification.title)}${merged}`,
        notification.notification_type,
        notification.event,
        at(notification.read_at),
      ])
    }),
  )
}

function personOf(userId: unknown, names: ReadonlyMap<unknown, string>): unknown {
  const name = names.get(userId)
  return name === undefined ? userId : `${name} (${textOf(userId)})`
}

function row(values: readonly unknown[], ...last: readonly HTMLElement[]): HTMLTableRowElement {
  const drawn = document.createElement('tr')
  drawn.append(...values.map((value) => make('td', '', textOf(value))), ...last)
  return drawn
}
