import fastifyStatic from '@fastify/static'
import { focusPlugin, requireUser } from '@focus-api/adapters/fastify'
import { googleOrStandIn } from '@focus-api/cli'
import { createFocus } from '@focus-api/core'
import Fastify from 'fastify'

const port = Number(process.env.PORT ?? 8000)
const url = `http://localhost:${port}`
// With GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, use `createFocus()` alone.
const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
const focus = await createFocus({ port, ...google.options })

const app = Fastify()
await app.register(focusPlugin, { focus })

interface Activity {
  app_name: string
  duration_minutes: number
}

app.post<{ Body: Activity }>(
  '/activities',
  {
    preHandler: requireUser(focus),
    schema: {
      body: {
        type: 'object',
        required: ['app_name', 'duration_minutes'],
        properties: { app_name: { type: 'string' }, duration_minutes: { type: 'number' } },
      },
    },
  },
  async (request, reply) => {
    const { app_name, duration_minutes } = request.body
    await focus.notifications.notifyActivityUpdate({
      userId: request.user.id,
      activity: { app_name, duration_minutes },
    })
    return reply.code(201).send(request.body)
  },
)

await app.register(fastifyStatic, { root: `${import.meta.dirname}/../../public` })
await app.listen({ port, host: '127.0.0.1' })
console.log(`Ready at ${url}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

async function stop(): Promise<void> {
  await app.close()
  await focus.close()
  await google.close()
}
