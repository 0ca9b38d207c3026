import type { Transaction } from 'kysely'
import type { ExternalProfile } from '../../auth/accounts/user-directory-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { FocusTables, UnlinkedIssuersTable } from '../tables.ts'

/** Inserts an account, in place of one that a deleted user left behind (A17). */
export async function insertAccount(
  trx: Transaction<FocusTables>,
  userKey: UserKey,
  profile: ExternalProfile,
  now: number,
) {
  const { issuer, subject, provider } = profile
  const account = await trx
    .selectFrom('focus_accounts')
    .select('user_key')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  const owner =
    account &&
    (await trx.selectFrom('focus_users').select('id').where('id', '=', Number(account.user_key)).executeTakeFirst())
  if (account && !owner) {
    await trx
      .deleteFrom('focus_accounts')
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .where('user_key', '=', account.user_key)
      .execute()
  }
  const newest = await trx
    .selectFrom('focus_accounts')
    .select(({ fn }) => fn.max('created_at').as('at'))
    .where('user_key', '=', userKey)
    .executeTakeFirst()
  await trx
    .insertInto('focus_accounts')
    .values({
      issuer,
      subject,
      provider,
      user_key: userKey,
      // Later than the user's other accounts, also in the same millisecond or after a clock was set back: the oldest is primary.
      created_at: Math.max(now, (newest?.at ?? 0) + 1),
      last_sign_in_at: now,
    })
    .execute()
}

/** Keeps one row per issuer and user. The lock of the user's accounts prevents a simultaneous insert of the same row. */
export async function rememberUnlinked(trx: Transaction<FocusTables>, row: UnlinkedIssuersTable): Promise<void> {
  await trx
    .deleteFrom('focus_unlinked_issuers')
    .where('user_key', '=', row.user_key)
    .where('issuer', '=', row.issuer)
    .execute()
  await trx.insertInto('focus_unlinked_issuers').values(row).execute()
}
