import { betterSqlite3 } from './better-sqlite3.ts'
import { bullmqLocks } from './bullmq-locks.ts'
import { bullmq } from './bullmq.ts'
import { connect } from './connect.ts'
import { express } from './express.ts'
import { fastify } from './fastify.ts'
import { fastq } from './fastq.ts'
import { graphql } from './graphql.ts'
import { h3 } from './h3.ts'
import { hapi } from './hapi.ts'
import { hono } from './hono.ts'
import type { BuiltinHook, PackageHook } from './hook.ts'
import { httpClient } from './http-client.ts'
import { http } from './http.ts'
import { http2 } from './http2.ts'
import { json } from './json.ts'
import { koaRouter } from './koa-router.ts'
import { koa } from './koa.ts'
import { large } from './large.ts'
import { natives } from './natives.ts'
import { nest } from './nest.ts'
import { pLimit } from './p-limit.ts'
import { pQueue } from './p-queue.ts'
import { pgPool } from './pg-pool.ts'
import { pg } from './pg.ts'
import { pooled } from './pooled.ts'
import { socketIo } from './socket-io.ts'
import { timers } from './timers.ts'
import { undiciPool } from './undici-pool.ts'
import { undici } from './undici.ts'
import { unhandled } from './unhandled.ts'
import { ws } from './ws.ts'

export const BUILTIN_HOOKS: readonly BuiltinHook[] = [
  http,
  http2,
  fastify,
  timers,
  json,
  large,
  natives,
  pooled,
  httpClient,
  undici,
  unhandled,
]
export const PACKAGE_HOOKS: readonly PackageHook[] = [
  betterSqlite3,
  connect,
  express,
  koa,
  koaRouter,
  hapi,
  h3,
  hono,
  nest,
  graphql,
  pgPool,
  pg,
  undiciPool,
  pQueue,
  pLimit,
  fastq,
  bullmq,
  bullmqLocks,
  ws,
  socketIo,
]
