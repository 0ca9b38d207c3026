import { interactionPolicy, type Account, type KoaContextWithOIDC } from 'oidc-provider'

const { Check, Prompt } = interactionPolicy

/**
 * The issuer asks for a name in every sign-in, unless the authorization request contains `login_hint`. An earlier sign-
 * in of the browser never decides, so that two users can be tested in two tabs, without cookies.
 */
export function signInPolicy(
  accountOfHint: (hint: string) => Account | null,
): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base()
  for (const prompt of policy) prompt.checks.clear()
  // Every `prompt=` value that Google accepts is accepted here too.
  policy.add(withoutChecks('select_account'))
  policy.get('login')?.checks.add(
    new Check('name', 'the user must enter a name', 'login_required', async (context) => {
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
    throw new Error('the authorization request has no session or no client')
  session.loginAccount({ accountId: account.accountId, transient: true })
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  grant.addOIDCScope(oidc.requestParamOIDCScopes)
  session.ensureClientContainer(client.clientId)
  session.grantIdFor(client.clientId, await grant.save())
  oidc.entity('Account', account)
  oidc.entity('Grant', grant)
}
