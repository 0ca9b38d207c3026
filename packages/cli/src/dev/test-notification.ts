import type { IncomingMessage, ServerResponse } from 'node:http'
import { FocusError, type Focus, type Receipt, type UserId } from '@focus-api/core'
import { problem } from '@focus-api/core/internal'
import type { Locale } from '../pages/locale.ts'

/** A button of the page: a notification of the guide, sent to the user who pressed it. */
const samples: Readonly<
  Record<string, (focus: Focus, userId: UserId, locale: Locale | undefined) => Promise<Receipt>>
> = {
  simple: ({ notifications }, userId, locale) =>
    notifications.notifyUser({
      userId,
      type: 'success',
      ...(locale === 'en'
        ? { title: 'New activity', message: 'Activity saved' }
        : { title: 'Nouvelle activité', message: 'Activité enregistrée avec succès' }),
      data: { app_name: 'Instagram', duration: 45 },
    }),
  activity: ({ notifications }, userId, locale) =>
    notifications.notifyActivityUpdate(
      { userId, activity: { app_name: 'Instagram', duration_minutes: 45 } },
      inLanguage(locale),
    ),
  limit: ({ notifications }, userId, locale) =>
    notifications.notifyLimitWarning({ userId, appName: 'Instagram', percentage: 80 }, inLanguage(locale)),
  blocked: ({ notifications }, userId, locale) =>
    notifications.notifyAppBlocked({ userId, appName: 'Instagram' }, inLanguage(locale)),
  challenge: ({ notifications }, userId, locale) =>
    notifications.notifyChallengeUpdate({
      userId,
      updateType: 'leaderboard_update',
      ...(locale === 'en'
        ? { challengeTitle: 'October challenge', message: 'You are now second on the leaderboard!' }
        : { challengeTitle: 'Challenge Octobre', message: 'Vous êtes maintenant 2e au classement!' }),
      data: { rank: 2, score: 850 },
    }),
}

function inLanguage(locale: Locale | undefined): { locale?: Locale } {
  return locale === undefined ? {} : { locale }
}

const MAX_BODY_BYTES = 1_024

/**
 * Handles `POST /focus-page/notifications {"sample", "locale"}` with an access token: the buttons of the page call it
 * in the page's language.
 */
export async function answerTestNotification(
  focus: Focus,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await attempt(focus, request)
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}

async function attempt(focus: Focus, request: IncomingMessage): Promise<Response> {
  try {
    const principal = await focus.authenticate(request.headers)
    if (principal === null) throw new FocusError('unauthenticated', 'Sign in first.')
    const { sample, locale } = await bodyOf(request)
    const send = samples[sample]
    if (send === undefined) {
      throw new FocusError('invalid_request', `The samples are ${Object.keys(samples).join(', ')}.`)
    }
    return Response.json(await send(focus, principal.userId, locale), { status: 201 })
  } catch (error) {
    return problem(error)
  }
}

async function bodyOf(request: IncomingMessage): Promise<{ sample: string; locale: Locale | undefined }> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_BODY_BYTES) throw new FocusError('payload_too_large', 'The body is too large.')
  }
  try {
    const body: unknown = JSON.parse(text)
    const field = (name: string): unknown =>
      typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
    const [sample, locale] = [field('sample'), field('locale')]
    return {
      sample: typeof sample === 'string' && Object.hasOwn(samples, sample) ? sample : '',
      locale: locale === 'fr' || locale === 'en' ? locale : undefined,
    }
  } catch {
    throw new FocusError('invalid_json', 'The body is not JSON.')
  }
}
