import { type Histogram, parseMetrics, since } from '../../stats/prometheus.ts'
import { deliveryHistogram, type Latency, latencyOf } from '../../stats/snapshot.ts'
import { element, make } from '../elements.ts'
import { opsTexts } from './ops-texts.ts'
import { AdminApi, Refusal, type Row, rowsOf, textOf } from './admin-api.ts'
import { TimePlot } from './plots.ts'
import { drawConnections, drawNodes, drawRecent, drawUsers } from './tables.ts'

const REFRESH_MS = 2_000
const SENT_SHOWN = 10
const RECENT_SHOWN = 30
const CONNECTIONS_SHOWN = 200
const KEY = 'focus_admin_key'
const { lang, dataset } = document.documentElement
const texts = opsTexts[lang === 'en' ? 'en' : 'fr']
const figure = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 })
const byId = (id: string) => element(id, HTMLElement)

/** The board for one admin key; it polls until it is closed. */
class Board {
  readonly #api: AdminApi
  readonly #plots: { readonly connections: TimePlot; readonly rates: TimePlot; readonly latency: TimePlot }
  readonly #names = new Map<unknown, string>()
  #latencyBefore: Histogram = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #open = true

  constructor(api: AdminApi) {
    this.#api = api
    const [first, second] = ['#3b5bdb', '#e8590c']
    this.#plots = {
      connections: this.#plot('plot-connections', [
        [texts.connections, first],
        [texts.people, second],
      ]),
      rates: this.#plot('plot-rates', [
        [texts.deliveries, first],
        [texts.actions, second],
      ]),
      latency: this.#plot('plot-latency', [
        [texts.median, first],
        ['p99', second],
      ]),
    }
  }

  #plot(id: string, series: readonly (readonly [string | undefined, string | undefined])[]): TimePlot {
    const holder = byId(id)
    holder.replaceChildren()
    return new TimePlot(
      holder,
      texts.time,
      series.map(([label = '', colour = '']) => ({ label, colour })),
    )
  }

  close(): void {
    this.#open = false
    clearTimeout(this.#timer)
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      const [stats, listed, cluster, metrics, { users }, { transports }, { notifications }] = await Promise.all([
        this.#api.json('/ws/stats'),
        this.#api.json(`/ws/connections?limit=${CONNECTIONS_SHOWN}`),
        this.#api.json('/admin/nodes'),
        this.#api.text('/metrics'),
        this.#api.json(`/admin/users?${new URLSearchParams({ limit: '50', ...searched() })}`),
        this.#api.json('/admin/transports'),
        this.#api.json(`/admin/notifications?limit=${RECENT_SHOWN}`),
      ])
      if (!this.#open) return
      this.#showFigures(stats, this.#latency(metrics), waitingIn(rowsOf(transports)))
      this.#showUsers(rowsOf(users))
      this.#showConnections(listed)
      this.#showNodes(cluster)
      this.#showRecent(rowsOf(notifications))
      byId('state').textContent = ''
    } catch (error) {
      if (error instanceof Refusal) throw error
      byId('state').textContent = texts.unreachable
    } finally {
      if (this.#open) this.#timer = setTimeout(() => void this.refresh().catch(refused), REFRESH_MS)
    }
  }

  /** Latency of the deliveries since the last reading. */
  #latency(metrics: string): Latency {
    const buckets = deliveryHistogram(parseMetrics(metrics))
    const recent = since(buckets, this.#latencyBefore)
    this.#latencyBefore = buckets
    return latencyOf(recent)
  }

  #showFigures(stats: Row, latency: Latency, outbox: number): void {
    const rates: Row = typeof stats.rates === 'object' && stats.rates !== null ? { ...stats.rates } : {}
    const numberOf = (value: unknown) => (typeof value === 'number' ? value : null)
    const figures: Record<string, unknown> = {
      people: stats.active_users,
      'connection-count': stats.active_connections,
      nodes: stats.nodes,
      deliveries: rates.deliveries,
      outbox,
      latency: latency.p99,
    }
    for (const [id, value] of Object.entries(figures))
      byId(id).textContent = typeof value === 'number' ? figure.format(value) : '–'
    const now = Date.now()
    this.#plots.connections.add(now, [numberOf(stats.active_connections), numberOf(stats.active_users)])
    this.#plots.rates.add(now, [numberOf(rates.deliveries), numberOf(rates.actions)])
    this.#plots.latency.add(now, [latency.p50, latency.p99])
  }

  #showUsers(users: readonly Row[]): void {
    for (const user of users) this.#names.set(user.id, String(user.username))
    byId('no-users').hidden = users.length > 0
    drawUsers(byId('users'), users, texts, (username) => {
      element('to', HTMLInputElement).value = username
      element('title', HTMLInputElement).focus()
    })
  }

  #showConnections({ connections, missing_nodes: missing }: Row): void {
    const rows = rowsOf(connections)
    byId('no-connections').hidden = rows.length > 0
    drawConnections(byId('connections'), rows, this.#names, texts, (id) => void this.#cut(id))
    const names = Array.isArray(missing) ? missing.map(textOf) : []
    byId('missing-nodes').hidden = names.length === 0
    byId('missing-node-names').textContent = names.join(', ')
  }

  #showNodes({ nodes, broker }: Row): void {
    drawNodes(byId('node-list'), rowsOf(nodes))
    const away = typeof broker === 'object' && broker !== null && Reflect.get(broker, 'connected') === false
    byId('broker-away').hidden = !away
  }

  #showRecent(notifications: readonly Row[]): void {
    byId('no-recent').hidden = notifications.length > 0
    drawRecent(byId('recent'), notifications, this.#names, texts)
  }

  async #cut(id: string): Promise<void> {
    await this.#api.json(`/ws/connections/${encodeURIComponent(id)}`, { method: 'DELETE' }).catch(() => undefined)
    await this.refresh().catch(refused)
  }

  async send(): Promise<void> {
    const result = byId('send-result')
    const value = (id: string) => element(id, HTMLInputElement).value
    const user = value('to')
    try {
      const receipt = await this.#api.json('/notifications', {
        method: 'POST',
        body: {
          user,
          title: value('title'),
          message: value('message'),
          notification_type: element('type', HTMLSelectElement).value,
        },
      })
      const outcome = `${String(receipt.outcome)}, offset ${textOf(receipt.offset) || '–'}`
      result.textContent = outcome
      const sent = byId('sent')
      sent.prepend(make('li', '', `${new Date().toLocaleTimeString(lang)} · ${user} · ${value('title')} · ${outcome}`))
      while (sent.childElementCount > SENT_SHOWN) sent.lastElementChild?.remove()
    } catch (error) {
      result.textContent = error instanceof Refusal ? error.message : texts.unreachable
    }
    await this.refresh().catch(refused)
  }
}

let board: Board | null = null

function waitingIn(transports: readonly Row[]): number {
  return transports.reduce((sum, { waiting }) => sum + (typeof waiting === 'number' ? waiting : 0), 0)
}

function searched(): Record<string, string> {
  const text = element('search', HTMLInputElement).value.trim()
  return text === '' ? {} : { search: text }
}

function show(isOpen: boolean): void {
  byId('key-form').hidden = isOpen
  byId('board').hidden = !isOpen
  byId('close').hidden = !isOpen
}

async function open(key: string): Promise<void> {
  const api = new AdminApi(dataset.base ?? '/api', key)
  try {
    await api.json('/admin/nodes')
  } catch (error) {
    return refused(error)
  }
  sessionStorage.setItem(KEY, key)
  show(true)
  board = new Board(api)
  await board.refresh().catch(refused)
}

function refused(error: unknown): void {
  shut()
  byId('state').textContent = error instanceof Refusal ? texts.refused : texts.unreachable
}

function shut(): void {
  board?.close()
  board = null
  sessionStorage.removeItem(KEY)
  byId('state').textContent = ''
  show(false)
}

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const key = element('key', HTMLInputElement)
  void open(key.value.trim())
  key.value = ''
})
byId('send-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void board?.send()
})
byId('close').addEventListener('click', shut)
byId('search').addEventListener('input', () => void board?.refresh().catch(refused))

const remembered = sessionStorage.getItem(KEY)
if (remembered !== null) await open(remembered)
