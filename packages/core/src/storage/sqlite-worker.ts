import { parentPort, workerData } from 'node:worker_threads'
import type {
  ThreadMessage,
  ThreadOrder,
  ThreadRequest,
  ThreadResult,
  ThreadStart,
} from './dialects/sqlite/thread/thread-requests.ts'
import { ReaderRole } from './dialects/sqlite/thread/reader-role.ts'
import { describeFailure, type ThreadRole } from './dialects/sqlite/thread/role.ts'
import { WriterRole } from './dialects/sqlite/thread/writer-role.ts'

/** Results are not held back longer than this for those that take their time. */
const holdMs = 1

/**
 * A thread beside the event loop of the host, which thereby never stops for the disk, for another process's lock or for
 * a long read.
 */
async function work(role: ThreadRole, order: ThreadOrder): Promise<void> {
  let results: ThreadResult[] = []
  let since = performance.now()
  const flush = () => {
    if (results.length > 0) post({ kind: 'results', results })
    results = []
    since = performance.now()
  }
  for (const { id, request } of order) {
    results.push(await answer(role, id, request))
    if (performance.now() - since > holdMs) flush()
    if (request.kind === 'close') {
      flush()
      parentPort?.close()
    }
  }
  flush()
}

async function answer(role: ThreadRole, id: number, request: ThreadRequest): Promise<ThreadResult> {
  try {
    if (request.kind !== 'close') return { id, answer: await role.answer(request) }
    role.close()
    return { id, answer: null }
  } catch (error) {
    return { id, failure: describeFailure(error) }
  }
}

function post(message: ThreadMessage): void {
  parentPort?.postMessage(message)
}

const { file, role } = workerData as ThreadStart
const here: ThreadRole =
  role === 'writer' ? new WriterRole(file, () => post({ kind: 'foreign-commit' })) : new ReaderRole(file)
parentPort?.on('message', (order: ThreadOrder) => void work(here, order))
post({ kind: 'ready' })
