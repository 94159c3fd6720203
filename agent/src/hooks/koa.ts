/**
 * Koa's requests are those of node:http, and it knows no routes (see koa-router); its middleware are layers: `use` wraps what
 * it has taken, where the list is, so that what is added later still counts.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { koaLayer } from './support/koa-layers.ts'
import { patchMethods, type Method } from './support/patch.ts'

interface Application {
  middleware: Method[]
}

export const koa: PackageHook = {
  name: 'koa',
  package: 'koa',
  files: [{ file: 'lib/application.js' }],
  majors: [2, 3],
  how: 'patch',
  start({ activities }: HookContext, application: { prototype: object }) {
    const { layers } = activities
    if (typeof Object.getOwnPropertyDescriptor(application.prototype, 'use')?.value !== 'function')
      throw new Error('no use in it')
    if (layers === undefined) return
    const wrapUse = (original: Method): Method =>
      function use(this: unknown, ...args: never[]): unknown {
        const result = Reflect.apply(original, this, args)
        try {
          const { middleware } = this as Application
          const place = middleware.length - 1
          middleware[place] = koaLayer(layers, middleware[place]!, 'middleware', layers.site(use))
        } catch {
          // The program comes first.
        }
        return result
      }
    patchMethods([[application.prototype, 'use', wrapUse]])
  },
}
