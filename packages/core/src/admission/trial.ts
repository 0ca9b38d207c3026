import { FocusError } from '../errors.ts'
import type { AdmissionControl, TrialOutcome } from './admission-control.ts'
import type { Client } from './client.ts'

/** Looks at credentials that `control.mayTry` let through, and tells it what they were. */
export async function trial<T>(control: AdmissionControl, client: Client, look: () => Promise<T>): Promise<T> {
  let outcome: TrialOutcome = 'unknown'
  try {
    const found = await look()
    outcome = 'good'
    return found
  } catch (error) {
    if (error instanceof FocusError && error.code === 'invalid_token') outcome = 'bad'
    throw error
  } finally {
    control.tried(client, outcome)
  }
}
