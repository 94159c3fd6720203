/** Koa has nothing to hook: its requests are those of node:http, and it knows no routes (see koa-router). It is said to be seen. */
import type { PackageHook } from './hook.ts'

export const koa: PackageHook = {
  name: 'koa',
  package: 'koa',
  files: [{ file: 'lib/application.js' }],
  majors: [2, 3],
  how: 'channel',
  start() {},
}
