import { FocusError } from '../common/errors.ts'
import type { AdmissionControl, TrialOutcome } from './admission-control.ts'
import type { Client } from './client.ts'
import { refusalError } from './refusal.ts'

/**
 * Verifies credentials within the budgets and reports the outcome to `control`.
 *
 * @throws FocusError `rate_limited` or `overloaded` before `verify` is called; any error of `verify`
 */
export async function trial<T>(control: AdmissionControl, client: Client, verify: () => Promise<T>): Promise<T> {
  const refusal = control.startTrial(client)
  if (refusal !== null) throw refusalError(refusal)
  let outcome: TrialOutcome = 'unknown'
  try {
    const verified = await verify()
    outcome = 'good'
    return verified
  } catch (error) {
    if (error instanceof FocusError && error.code === 'invalid_token') outcome = 'bad'
    throw error
  } finally {
    control.tried(client, outcome)
  }
}
