import cluster from 'node:cluster'
import type { Focus } from '@focus-api/core'
import { toFailure, usageFailure } from '../terminal/failure.ts'
import { mergeMetrics } from './merge-metrics.ts'
import { type FromPrimary, type FromWorker, isFromPrimary, type WorkerMetrics } from './messages.ts'

/** Milliseconds after which a worker answers a scrape with its own metrics only. */
const COLLECTION_MS = 6_000

/**
 * Whether workers listen on one port by themselves. Elsewhere the primary process accepts the connections (node:cluster);
 * those that it gives to a worker that has just been killed hang until the client gives up.
 */
export const portsAreShared = process.platform === 'linux'

/** The connection of a worker with its primary process. */
export class WorkerChannel {
  readonly worker: number
  readonly #waiting = new Map<number, (metrics: readonly WorkerMetrics[]) => void>()
  #render: () => Promise<string | null> = () => Promise.resolve(null)
  #isReady = false
  #lastRef = 0

  /**
   * @param flag the value of `--worker`
   * @throws CommandFailure `usage` when this process has no primary
   */
  constructor(flag: string) {
    if (!cluster.isWorker || !/^\d+$/.test(flag)) {
      throw usageFailure('--worker: only `focus serve --workers` itself may pass it.', 'Use --workers.')
    }
    this.worker = Number(flag)
    process.on('message', (message: unknown) => {
      if (isFromPrimary(message)) this.#hear(message)
    })
  }

  /** Reports that this worker serves. */
  ready(): void {
    this.#isReady = true
    this.#send({ type: 'focus:ready' })
  }

  /** Passes the reason for a failed start on, which the primary prints; false for a failure after the start. */
  failed(error: unknown): boolean {
    if (this.#isReady) return false
    const { code, message, hint, exitCode } = toFailure(error)
    this.#send({ type: 'focus:failed', failure: { code, message, hint, exitCode } })
    return true
  }

  /** Ends the connection, which would keep this process running. */
  close(): void {
    cluster.worker?.disconnect()
  }

  /** Returns Focus with a `GET /metrics` that speaks for all workers. The admin key reads the metrics of this one. */
  withMetricsOfAll(focus: Focus, adminKey: string): Focus {
    const path = `${focus.basePath}/metrics`
    const authorization = `Bearer ${adminKey}`
    this.#render = async () => {
      const answer = await focus.fetch(new Request(`http://localhost${path}`, { headers: { authorization } }))
      return answer.ok ? answer.text() : null
    }
    return {
      ...focus,
      fetch: async (request, info) => {
        const answer = await focus.fetch(request, info)
        const isScrape = answer.ok && request.method === 'GET' && URL.parse(request.url)?.pathname === path
        if (!isScrape) return answer
        const headers = new Headers(answer.headers)
        headers.delete('content-length')
        const metrics = await this.#collect(await answer.text())
        return new Response(mergeMetrics(metrics), { status: answer.status, headers })
      },
    }
  }

  /** @param own the metrics of this worker, used if the primary does not answer */
  #collect(own: string): Promise<readonly WorkerMetrics[]> {
    this.#lastRef += 1
    const ref = this.#lastRef
    return new Promise((resolve) => {
      const settle = (metrics: readonly WorkerMetrics[]) => {
        clearTimeout(timer)
        this.#waiting.delete(ref)
        resolve(metrics)
      }
      const timer = setTimeout(() => settle([{ worker: this.worker, restarts: 0, body: own }]), COLLECTION_MS)
      this.#waiting.set(ref, settle)
      this.#send({ type: 'focus:collect', ref, body: own })
    })
  }

  #hear(message: FromPrimary): void {
    if (message.type === 'focus:ping') return this.#send({ type: 'focus:alive' })
    if (message.type === 'focus:collected') return this.#waiting.get(message.ref)?.(message.metrics)
    const { ref } = message
    void this.#render()
      .catch(() => null)
      .then((body) => this.#send({ type: 'focus:rendered', ref, body }))
  }

  #send(message: FromWorker): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
  }
}
