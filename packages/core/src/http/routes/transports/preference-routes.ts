import type { JsonObject } from '../../../common/json.ts'
import type { PersonalPreferences, PreferenceService } from '../../../transports/preferences/focus-preferences.ts'
import { readJsonObject } from '../../request/body.ts'
import { requirePrincipal } from '../../request/require-principal.ts'
import { json } from '../../responses.ts'
import type { Route, RouteContext } from '../../route.ts'

/** Lets users read and replace their preferences. */
export function preferenceRoutes(preferences: PreferenceService): Route[] {
  async function get({ principal }: RouteContext): Promise<Response> {
    const { userKey } = requirePrincipal(principal)
    return json(preferencesJson(await preferences.get(userKey)))
  }

  async function put({ principal, request }: RouteContext): Promise<Response> {
    const { userKey } = requirePrincipal(principal)
    return json(preferencesJson(await preferences.put(userKey, await readJsonObject(request))))
  }

  const path = '/notifications/preferences'
  return [
    { method: 'GET', path, access: 'bearer', handle: get },
    { method: 'PUT', path, access: 'bearer', handle: put },
  ]
}

function preferencesJson({ locale, preferences, topics, transports }: PersonalPreferences): JsonObject {
  return {
    locale,
    preferences: Object.fromEntries(Object.entries(preferences).map(([topic, row]) => [topic, { ...row }])),
    topics: [...topics],
    transports: [...transports],
  }
}
