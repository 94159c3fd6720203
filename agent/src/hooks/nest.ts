/**
 * Nest's controllers are routes of its platform, Express or Fastify, with global prefix and version in them. What Nest puts
 * before them are layers of its own: support/nest-layers.ts.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { isPatched, patchNest, type NestExports } from './support/nest-layers.ts'

export const nest: PackageHook = {
  name: 'nest',
  package: '@nestjs/core',
  files: [
    { file: 'nest-application.js' },
    { file: 'guards/guards-consumer.js' },
    { file: 'interceptors/interceptors-consumer.js' },
    { file: 'pipes/pipes-consumer.js' },
    { file: 'injector/injector.js' },
    { file: 'router/router-execution-context.js' },
    { file: 'router/router-proxy.js' },
    { file: 'router/router-explorer.js' },
  ],
  majors: [10, 11],
  how: 'patch',
  start({ activities }: HookContext, exports: NestExports) {
    if (!('NestApplication' in exports) && !isPatched(exports)) throw new Error('nothing of it is known')
    if (activities.layers) patchNest(activities, activities.layers, exports)
  },
}
