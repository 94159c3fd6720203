/**
 * Built-ins as they were at preload, for what runs in captures: a program may replace those of its own at any time (spies,
 * polyfills), and is not to be called in the middle of its code.
 */
export const { isArray } = Array
export const { floor, min } = Math
export const { add, load, notify, store, sub } = Atomics

const uncurry = Function.prototype.bind.bind(Function.prototype.call) as (
  method: unknown,
) => (...args: never[]) => unknown

export const mapGet = uncurry(Map.prototype.get) as <K, V>(map: Map<K, V>, key: K) => V | undefined
export const mapSet = uncurry(Map.prototype.set) as <K, V>(map: Map<K, V>, key: K, value: V) => Map<K, V>
export const charCodeAt = uncurry(String.prototype.charCodeAt) as (text: string, at: number) => number
