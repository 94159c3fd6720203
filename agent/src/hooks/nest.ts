/**
 * Nest's controllers are routes of its platform, Express or Fastify, with global prefix and version in them: there is nothing
 * to hook. It is said to be seen.
 */
import type { PackageHook } from './hook.ts'

export const nest: PackageHook = {
  name: 'nest',
  package: '@nestjs/core',
  files: [{ file: 'nest-application.js' }],
  majors: [10, 11],
  how: 'channel',
  start() {},
}
