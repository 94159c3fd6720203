import { express } from './express.ts'
import { fastify } from './fastify.ts'
import type { BuiltinHook, PackageHook } from './hook.ts'
import { http } from './http.ts'
import { json } from './json.ts'
import { koaRouter } from './koa-router.ts'
import { koa } from './koa.ts'
import { natives } from './natives.ts'
import { pgPool } from './pg-pool.ts'
import { pg } from './pg.ts'
import { timers } from './timers.ts'

export const BUILTIN_HOOKS: readonly BuiltinHook[] = [http, fastify, timers, json, natives]
export const PACKAGE_HOOKS: readonly PackageHook[] = [express, koa, koaRouter, pgPool, pg]
