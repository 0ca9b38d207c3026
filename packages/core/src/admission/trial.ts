import { FocusError } from '../common/errors.ts'
import type { AdmissionControl, TrialOutcome } from './admission-control.ts'
import type { Client } from './client.ts'
import { refusalError } from './refusal.ts'

/**
 * Looks at credentials within the budgets, and tells `control` what they were.
 *
 * @throws FocusError `rate_limited`, `overloaded`, before it looks
 */
export async function trial<T>(control: AdmissionControl, client: Client, look: () => Promise<T>): Promise<T> {
  const refusal = control.startTrial(client)
  if (refusal !== null) throw refusalError(refusal)
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
