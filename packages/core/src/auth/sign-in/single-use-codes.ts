import { z } from 'zod'
import { FocusError } from '../../common/errors.ts'
import type { JsonValue } from '../../common/json.ts'
import type { SingleUseStore } from '../../secrets/single-use-port.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { AccountKey } from '../accounts/user-directory-port.ts'
import { equalInConstantTime, sha256Base64Url } from '../../common/hashing.ts'
import { newSecret } from '../../secrets/new-secret.ts'

const kind = 'focus_code'
const codeTtlMs = 60_000
/** Holds the generation of a user's codes: codes of an older generation are void. */
const generationKind = 'code_generation'
/** Longer than the lifetime of a code, so that nodes with different clocks agree. */
const generationTtlMs = 600_000

/** A finished sign-in whose page has not redeemed its `focus_code` yet (S34). */
export interface CodeRecord {
  readonly userKey: UserKey
  readonly provider: string
  /** The account that will start the session. */
  readonly account: AccountKey
  /** S256 of the flow cookie's value; null when the flow was not bound to a browser. */
  readonly bindingHash: string | null
  readonly codeChallenge: string | null
}

const issuedCodeSchema = z.object({
  userKey: z.string(),
  provider: z.string(),
  account: z.object({ issuer: z.string(), subject: z.string() }),
  bindingHash: z.string().nullable(),
  codeChallenge: z.string().nullable(),
  generation: z.string().nullable(),
})

type IssuedCode = z.output<typeof issuedCodeSchema>

export interface CodeProof {
  readonly codeVerifier: string | null
  /** Values of all flow cookies of the browser. */
  readonly bindings: readonly string[]
}

export interface RedeemedCode extends Pick<CodeRecord, 'userKey' | 'provider' | 'account'> {
  /** Whether the flow's cookie proved that this browser started the flow. */
  readonly sameBrowser: boolean
}

/**
 * Single-use codes that end a sign-in on a page, so that no token travels in a URL. Only the browser that started the flow can
 * redeem one: it proves itself by the flow's cookie or by the verifier of the flow's challenge.
 */
export class SingleUseCodes {
  readonly #store: SingleUseStore
  readonly #runtime: Runtime

  constructor(store: SingleUseStore, runtime: Runtime) {
    this.#store = store
    this.#runtime = runtime
  }

  /** Returns a code that is valid for one minute. */
  async issue(record: CodeRecord): Promise<string> {
    const code = newSecret(this.#runtime.random)
    const generation = await this.#store.peek(generationKind, record.userKey)
    await this.#store.put(
      kind,
      code,
      { ...record, account: { ...record.account }, generation },
      this.#runtime.clock() + codeTtlMs,
    )
    return code
  }

  /** Voids the unredeemed codes of a user, together with the end of all the user's sessions (S37). */
  async voidAll(userKey: UserKey): Promise<void> {
    const generation = newSecret(this.#runtime.random)
    await this.#store.put(generationKind, userKey, generation, this.#runtime.clock() + generationTtlMs)
  }

  /** @throws FocusError `invalid_grant` */
  async redeem(code: string, proof: CodeProof): Promise<RedeemedCode> {
    const record = parse(await this.#store.take(kind, code))
    if (!record || !proves(record, proof) || (await this.#isVoid(record))) {
      throw new FocusError('invalid_grant', 'The code is unknown, used, expired, or belongs to another browser.', {
        hint: 'Start the sign-in again; send code_verifier, or the cookies of the page that started it.',
      })
    }
    const { userKey, provider, account } = record
    return { userKey, provider, account, sameBrowser: isSameBrowser(record, proof) }
  }

  async #isVoid({ userKey, generation }: IssuedCode): Promise<boolean> {
    const current = await this.#store.peek(generationKind, userKey)
    return current !== null && current !== generation
  }
}

function proves({ bindingHash, codeChallenge }: CodeRecord, { codeVerifier, bindings }: CodeProof): boolean {
  if (codeChallenge !== null)
    return codeVerifier !== null && equalInConstantTime(sha256Base64Url(codeVerifier), codeChallenge)
  return isSameBrowser({ bindingHash }, { bindings })
}

function isSameBrowser(
  { bindingHash }: Pick<CodeRecord, 'bindingHash'>,
  { bindings }: Pick<CodeProof, 'bindings'>,
): boolean {
  return bindingHash !== null && bindings.some((binding) => equalInConstantTime(sha256Base64Url(binding), bindingHash))
}

function parse(value: JsonValue | null): IssuedCode | null {
  const parsed = issuedCodeSchema.safeParse(value)
  return parsed.success ? parsed.data : null
}
