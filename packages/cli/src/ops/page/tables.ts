import { make } from '../../page/elements.ts'
import type { OpsTexts } from '../texts.ts'
import { type Row, textOf } from './admin-api.ts'

/** @param onCut is told of the connection whose button was pressed */
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
      const name = names.get(connection.user_id)
      const cut = make('button', '', texts.end)
      cut.type = 'button'
      cut.addEventListener('click', () => onCut(String(connection.id)))
      const action = make('td', '', '')
      action.append(cut)
      return row(
        [
          name === undefined ? connection.user_id : `${name} (${String(connection.user_id)})`,
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

function row(values: readonly unknown[], last: HTMLElement): HTMLTableRowElement {
  const drawn = document.createElement('tr')
  drawn.append(...values.map((value) => make('td', '', textOf(value))), last)
  return drawn
}
