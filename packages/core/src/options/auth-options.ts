import type { JWK } from 'jose'
import { z } from 'zod'
import type { User, UserDirectory } from '../auth/accounts/user-directory-port.ts'
import type { Provider } from '../auth/providers/provider.ts'
import { externalTokenDefaults } from '../auth/tokens/external-tokens.ts'
import * as forms from '../schema/option-forms.ts'
import type { Form } from '../schema/option-forms.ts'
import { optionTable } from '../schema/option-table.ts'

const tenYearsSeconds = 3_650 * 86_400

const privateKeys: Form<readonly JWK[]> = {
  accepts: 'a list of private JWKs, the signing one first',
  schema: z.array(z.looseObject({ kty: z.string() }) as z.ZodType<JWK>).min(1),
  secret: true,
}

const tokenType: Form<string | false> = {
  accepts: 'a string such as "at+jwt" or "JWT", or false for any',
  schema: z.union([forms.text.schema, z.literal(false)]),
}

export const authOptions = optionTable({
  signInEnabled: {
    path: 'oauth.enabled',
    env: ['OAUTH_ENABLED'],
    form: forms.flag,
    default: null,
    defaultText: 'on when a provider is configured',
    about: 'sign-in as a whole',
  },
  requireIss: {
    path: 'oauth.requireIss',
    form: forms.yesOrNo,
    default: false,
    about: 'refuses callbacks without `iss` of RFC 9207',
  },
  refreshDelivery: {
    path: 'oauth.refreshDelivery',
    form: forms.choice('body', 'cookie'),
    default: 'body',
    about: 'where browsers keep the refresh token: given to the page, or in an HttpOnly cookie',
  },
  googleClientId: {
    path: 'google.clientId',
    env: ['GOOGLE_CLIENT_ID'],
    form: forms.text,
    default: null,
    about: 'client ID of the Google Cloud Console, APIs & Services, Credentials',
  },
  googleClientSecret: {
    path: 'google.clientSecret',
    env: ['GOOGLE_CLIENT_SECRET'],
    form: forms.secretText,
    default: null,
    about: 'belongs to the client ID; Focus does not start with only one of the two',
  },
  googleRedirectUri: {
    path: 'google.redirectUri',
    env: ['GOOGLE_REDIRECT_URI'],
    form: forms.redirectUri,
    default: null,
    defaultText: '`<public URL>/api/auth/google/callback`',
    about: 'exactly as registered with Google',
  },
  googleIssuer: {
    path: 'google.issuer',
    form: forms.issuer,
    default: null,
    defaultText: '`https://accounts.google.com`',
    about: 'another issuer in place of Google, for development and tests',
  },
  providers: {
    path: 'providers',
    form: forms.namedObjectsWith<Provider>('providers such as oidc({ … })', 'connect'),
    default: [],
    about: 'further sign-in providers: `oidc()`, `github()`, `google()`; [accounts.md](accounts.md)',
  },
  returnTo: {
    path: 'returnTo',
    env: ['FOCUS_RETURN_TO'],
    form: forms.returnAddresses,
    default: [],
    about: 'origins and paths that a sign-in may return to, separated by commas',
  },
  users: {
    path: 'users',
    form: forms.objectWith<UserDirectory>(
      'get',
      'findByAccount',
      'findByEmail',
      'findByUsername',
      'create',
      'linkAccount',
      'unlinkAccount',
      'accounts',
      'update',
      'setDisabled',
      'list',
    ),
    default: null,
    defaultText: '`focus_users`',
    about: "the application's own users table; [accounts.md](accounts.md)",
  },
  issuer: {
    path: 'tokens.issuer',
    form: forms.text,
    default: null,
    defaultText: 'the public URL, or `focus`',
    about: '`iss` of access tokens',
  },
  audience: {
    path: 'tokens.audience',
    form: forms.textOrTexts,
    default: null,
    defaultText: '`focus`',
    about: '`aud` of access tokens; one or several with `tokens.jwksUri`',
  },
  tokenSecret: {
    path: 'tokens.secret',
    form: forms.sharedSecrets,
    default: null,
    about: 'signs access tokens with HS256; at least 32 characters, several for rotation',
  },
  tokenKeys: {
    path: 'tokens.keys',
    form: privateKeys,
    default: null,
    about: "signs access tokens with the application's own private JWKs, the signing one first",
  },
  jwksUri: {
    path: 'tokens.jwksUri',
    form: forms.jwksUri,
    default: null,
    about: 'accepts the access tokens of another issuer instead; [security.md](security.md)',
  },
  scopes: {
    path: 'tokens.scopes',
    form: forms.functionOf<(user: User) => readonly string[] | Promise<readonly string[]>>(),
    default: null,
    about: "a function that returns the scopes of a user's access tokens",
  },
  tokenType: {
    path: 'tokens.typ',
    form: tokenType,
    default: externalTokenDefaults.typ,
    about: 'with `tokens.jwksUri`: the header `typ` of its tokens; `false` for any',
  },
  userIdClaim: {
    path: 'tokens.userIdClaim',
    form: forms.text,
    default: externalTokenDefaults.userIdClaim,
    about: "with `tokens.jwksUri`: the claim that holds the user's id",
  },
  accessTtlSeconds: {
    path: 'tokens.accessTtlSeconds',
    env: ['FOCUS_ACCESS_TTL'],
    form: forms.whole('seconds', 60, 86_400),
    default: 3_600,
    about: 'lifetime of an access token',
  },
  idleTtlSeconds: {
    path: 'tokens.idleTtlSeconds',
    form: forms.count('seconds', 1, tenYearsSeconds),
    default: 30 * 86_400,
    about: 'time without a refresh after which a session ends',
  },
  sessionTtlSeconds: {
    path: 'tokens.sessionTtlSeconds',
    form: forms.count('seconds', 1, tenYearsSeconds),
    default: 180 * 86_400,
    about: 'time after its sign-in at which a session ends, even if it is in use',
  },
})
