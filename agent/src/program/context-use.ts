/**
 * Tells the first use of AsyncLocalStorage or of async_hooks by the program, where they are dear (Node 22): from then on it pays
 * for them, with or without us. OpenTelemetry, Sentry, Next.js and loggers with a context do so at their start.
 * The patches are taken back at that moment.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { disguise, type Method } from '../hooks/support/patch.ts'

type Methods = Record<string, Method>

export function onContextUse(told: () => void): void {
  const undo: (() => void)[] = []
  let isUsed = false

  function used(): void {
    if (isUsed) return
    isUsed = true
    for (const each of undo) each()
    told()
  }

  function watch(target: Methods, name: string): void {
    const original = target[name]!
    const wrapper = disguise(
      function (this: unknown): unknown {
        used()
        return Reflect.apply(original, this, arguments) // eslint-disable-line prefer-rest-params
      } as Method,
      original,
    )
    target[name] = wrapper
    undo.push(() => {
      // Whoever has patched it after us keeps his, and ours below it.
      if (target[name] === wrapper) target[name] = original
    })
  }

  const storages = AsyncLocalStorage.prototype as unknown as Methods
  watch(storages, 'run')
  watch(storages, 'enterWith')
  watch(Object.getPrototypeOf(createHook({})) as Methods, 'enable')
}
