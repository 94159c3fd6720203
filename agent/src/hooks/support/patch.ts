/**
 * Puts a function in the place of another so that nobody can tell: same name, length, properties and property flags.
 * A wrapper calls the original with the same `this` and arguments, and returns or throws what it returns or throws.
 */
export type Method = (this: unknown, ...args: never[]) => unknown

export function disguise<T extends object>(wrapper: T, original: object): T {
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original))
}

export type Patch = [target: object, name: string | symbol, wrap: (original: Method) => Method]

/** All of them or none: throws, before the first, when one is missing: the library is not what the hook was written for. */
export function patchMethods(patches: readonly Patch[]): void {
  const found = patches.map(([target, name, wrap]) => {
    const descriptor = Object.getOwnPropertyDescriptor(target, name)
    const original: unknown = descriptor?.value
    if (typeof original !== 'function') throw new Error(`${String(name)} is not a method`)
    return () =>
      Object.defineProperty(target, name, { ...descriptor, value: disguise(wrap(original as Method), original) })
  })
  for (const apply of found) apply()
}
