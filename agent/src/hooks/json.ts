/**
 * JSON.parse and JSON.stringify have no interrupt checks, so that what they block is charged to what comes next: they are
 * wrapped, and above a size a capture finds them (support/landing.ts). Below it a call costs a comparison more.
 */
import type { BuiltinHook } from './hook.ts'
import { hide, landing, LARGE, textOf } from './support/landing.ts'
import { patchMethods, type Method } from './support/patch.ts'

/** What V8 says of what cannot be written: messages of kCircularStructure and kBigIntSerializeJSON. */
const REFUSALS = ['Converting circular structure to JSON', 'Do not know how to serialize a BigInt']

type Parse = (text: unknown, reviver?: unknown) => unknown
type Stringify = (value: unknown, replacer?: unknown, space?: unknown) => string | undefined

export const json: BuiltinHook = {
  name: 'json',
  start({ seen }) {
    try {
      patchMethods([
        [JSON, 'parse', wrapParse],
        [JSON, 'stringify', wrapStringify],
      ])
    } catch (error) {
      // Frozen (--frozen-intrinsics), or somebody's own.
      seen({ module: 'JSON', version: '', how: 'none', why: (error as Error).message })
    }
  },
}

function wrapParse(original: Method): Method {
  const nativeParse = original as unknown as Parse
  const land = landing('JSON.parse')
  // A method cannot be called with `new`, as the original cannot.
  const { parse } = {
    parse(text: unknown, reviver?: unknown): unknown {
      let value: unknown
      try {
        value = nativeParse(text, reviver)
      } catch (error) {
        // With anything else code of the program runs, and its errors are its own.
        if (typeof text === 'string' && reviver === undefined) hide(error, parse, () => true)
        throw error
      }
      if (typeof text === 'string' && text.length > LARGE) land()
      return value
    },
  }
  return parse as unknown as Method
}

function wrapStringify(original: Method): Method {
  const nativeStringify = original as unknown as Stringify
  const land = landing('JSON.stringify')
  const isRefusal = (error: Error): boolean => REFUSALS.some((text) => textOf(error, 'message').startsWith(text))
  const { stringify } = {
    stringify(value: unknown, replacer?: unknown, space?: unknown): string | undefined {
      let text: string | undefined
      try {
        text = nativeStringify(value, replacer, space)
      } catch (error) {
        hide(error, stringify, isRefusal)
        throw error
      }
      if (text !== undefined && text.length > LARGE) land()
      return text
    },
  }
  return stringify as unknown as Method
}
