import { parentPort, workerData } from 'node:worker_threads'
import { ReaderRole } from './dialects/sqlite/thread/reader-role.ts'
import { type ThreadRole, toFailure } from './dialects/sqlite/thread/role.ts'
import type {
  ThreadMessage,
  ThreadOrder,
  ThreadRequest,
  ThreadResult,
  ThreadStart,
} from './dialects/sqlite/thread/thread-requests.ts'
import { WriterRole } from './dialects/sqlite/thread/writer-role.ts'
import { writeBatch } from './log/commit/write-batch.ts'

/**
 * Entry of the threads of a SQLite file. They keep the event loop of the host from waiting for the disk, for another process's
 * lock or for a long read.
 */
const { file, role: roleName } = workerData as ThreadStart
const foreignCommit = () => post({ kind: 'foreign-commit' })
const role: ThreadRole =
  roleName === 'writer' ? new WriterRole(file, { writeBatch, foreignCommit }) : new ReaderRole(file, foreignCommit)
parentPort?.on('message', (order: ThreadOrder) => void work(order))
post({ kind: 'ready' })

/** Answers requests in their order. Results that are ready wait at most 1 ms for later ones. */
async function work(order: ThreadOrder): Promise<void> {
  const maxWaitMs = 1
  let results: ThreadResult[] = []
  let since = performance.now()
  const flush = () => {
    if (results.length > 0) post({ kind: 'results', results })
    results = []
    since = performance.now()
  }
  for (const { id, request } of order) {
    results.push(await answer(id, request))
    if (performance.now() - since > maxWaitMs) flush()
    if (request.kind === 'close') {
      flush()
      parentPort?.close()
    }
  }
  flush()
}

async function answer(id: number, request: ThreadRequest): Promise<ThreadResult> {
  try {
    if (request.kind !== 'close') return { id, answer: await role.answer(request) }
    role.close()
    return { id, answer: null }
  } catch (error) {
    return { id, failure: toFailure(error) }
  }
}

function post(message: ThreadMessage): void {
  parentPort?.postMessage(message)
}
