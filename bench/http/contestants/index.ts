import type { StartContestant } from '../contestant.ts'
import { adapters } from './adapters.ts'
import { me } from './me.ts'
import { peers } from './peers.ts'

export const contestants: Readonly<Record<string, StartContestant>> = { ...adapters, ...me, ...peers }

/** The contestants of each run. The first of each line is the baseline of the others. */
export const comparisons: Readonly<Record<string, readonly string[]>> = {
  express: ['express bare', 'express requireUser'],
  auth: ['express bare', 'express requireUser', 'express passport-jwt', 'express fast-jwt', 'express fast-jwt, cached'],
  fastify: ['fastify bare', 'fastify requireUser'],
  koa: ['koa bare', 'koa requireUser'],
  hono: ['hono bare', 'hono requireUser'],
  node: ['node bare', 'node requireUser'],
  me: ['express own /me', 'express /auth/me', 'node /auth/me'],
}
