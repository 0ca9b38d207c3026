import { interactionPolicy, type Account, type KoaContextWithOIDC } from 'oidc-provider'

const { Check, Prompt } = interactionPolicy

/**
 * When the issuer asks who is there: always, unless the authorization request says so itself by `login_hint`. A browser's
 * earlier sign-in never decides, so that two people can be tried in two tabs, and no cookie is needed.
 */
export function signInPolicy(
  accountOfHint: (hint: string) => Account | null,
): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base()
  for (const prompt of policy) prompt.checks.clear()
  // What a client may ask Google for by `prompt=` is accepted here too.
  policy.add(withoutChecks('select_account'))
  policy.get('login')?.checks.add(
    new Check('name', 'a person has to say who they are', 'login_required', async (context) => {
      const hint = context.oidc.params?.login_hint
      const account = typeof hint === 'string' ? accountOfHint(hint) : null
      if (account === null) return Check.REQUEST_PROMPT
      await signIn(context, account)
      return Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}

function withoutChecks(name: string): InstanceType<typeof Prompt> {
  const prompt = new Prompt({ name, requestable: true })
  prompt.checks.clear()
  return prompt
}

async function signIn({ oidc }: KoaContextWithOIDC, account: Account): Promise<void> {
  const { session, client, provider } = oidc
  if (session === undefined || client === undefined)
    throw new Error('an authorization request has a session and a client')
  session.loginAccount({ accountId: account.accountId, transient: true })
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  grant.addOIDCScope(oidc.requestParamOIDCScopes)
  session.ensureClientContainer(client.clientId)
  session.grantIdFor(client.clientId, await grant.save())
  oidc.entity('Account', account)
  oidc.entity('Grant', grant)
}
