import type { IncomingMessage, ServerResponse } from 'node:http'
import { FocusError, problem, type Focus, type Receipt, type UserId } from '@focus-api/core'

/** One button of the page: a notification of the guide, sent to the person who pressed it. */
const samples: Readonly<Record<string, (focus: Focus, userId: UserId) => Promise<Receipt>>> = {
  simple: ({ notifications }, userId) =>
    notifications.notifyUser({
      userId,
      type: 'success',
      title: 'Nouvelle activité',
      message: 'Activité enregistrée avec succès',
      data: { app_name: 'Instagram', duration: 45 },
    }),
  activity: ({ notifications }, userId) =>
    notifications.notifyActivityUpdate({ userId, activity: { app_name: 'Instagram', duration_minutes: 45 } }),
  limit: ({ notifications }, userId) =>
    notifications.notifyLimitWarning({ userId, appName: 'Instagram', percentage: 80 }),
  blocked: ({ notifications }, userId) => notifications.notifyAppBlocked({ userId, appName: 'Instagram' }),
  challenge: ({ notifications }, userId) =>
    notifications.notifyChallengeUpdate({
      userId,
      challengeTitle: 'Challenge Octobre',
      updateType: 'leaderboard_update',
      message: 'Vous êtes maintenant 2e au classement!',
      data: { rank: 2, score: 850 },
    }),
}

const MAX_BODY_BYTES = 1_024

/** `POST /focus-page/notifications {"sample"}` with an access token: what the page's buttons call. */
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
    const send = samples[await sampleOf(request)]
    if (send === undefined) {
      throw new FocusError('invalid_request', `The samples are ${Object.keys(samples).join(', ')}.`)
    }
    return Response.json(await send(focus, principal.userId), { status: 201 })
  } catch (error) {
    return problem(error)
  }
}

async function sampleOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_BODY_BYTES) throw new FocusError('payload_too_large', 'The body is too large.')
  }
  try {
    const body: unknown = JSON.parse(text)
    const sample: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'sample') : undefined
    return typeof sample === 'string' && Object.hasOwn(samples, sample) ? sample : ''
  } catch {
    throw new FocusError('invalid_json', 'The body is not JSON.')
  }
}
