/**
 * Connect: it knows no routes but the paths at which middleware is mounted, and the last one that a request entered counts.
 * `use` notes what hangs below which application, and wraps what is mounted at a path: one lookup when it is entered.
 * Middleware for everything ("/") says nothing of a request.
 */
import type { HookContext, PackageHook } from './hook.ts'
import { ACTIVITY, type ObservedRequest } from './http.ts'
import { Mounts } from './support/mounts.ts'
import { disguise, patchMethods, type Method } from './support/patch.ts'

interface Application {
  stack: { route: string; handle: Method }[]
}

const ERROR_PARAMETERS = 4

export const connect: PackageHook = {
  name: 'connect',
  package: 'connect',
  files: [{ file: 'index.js', variable: 'proto' }],
  majors: [3],
  how: 'patch',
  start({ recorder, activities }: HookContext, prototype: object) {
    if (prototype === undefined) throw new Error('no proto in it') // before 3.4
    const mounts = new Mounts()

    function wrapHandle(original: Method, application: Application, path: string): Method {
      let generation = -1
      let name = 0
      function handle(this: unknown, request: ObservedRequest): unknown {
        try {
          const activity = request[ACTIVITY]
          if (activity !== undefined) {
            if (generation !== mounts.generation) {
              generation = mounts.generation
              name = recorder.name(mounts.candidates(application, path)[0]!.template)
            }
            activities.setRoute(activity, name)
          }
        } catch {
          // The program comes first.
        }
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      }
      return disguise(handle as Method, original)
    }

    function note(application: Application, args: readonly unknown[]): void {
      const { route, handle } = application.stack.at(-1)!
      const below = typeof args[0] === 'string' ? args[1] : args[0]
      if (isApplication(below)) mounts.add(below, application, route === '' ? '/' : route)
      if (route === '' || handle.length >= ERROR_PARAMETERS) return
      application.stack.at(-1)!.handle = wrapHandle(handle, application, route)
    }

    const wrapUse = (original: Method): Method =>
      function use(this: unknown, ...args: never[]): unknown {
        const result = Reflect.apply(original, this, args)
        try {
          note(this as Application, args)
        } catch {
          // The program comes first.
        }
        return result
      }

    patchMethods([[prototype, 'use', wrapUse]])
  },
}

function isApplication(value: unknown): value is object {
  return typeof value === 'function' && 'handle' in value && 'stack' in value
}
