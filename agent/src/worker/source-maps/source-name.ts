/** What a map calls its sources and functions, as it is shown: a map is anybody's text, so nothing of it is believed. */
import { fileURLToPath } from 'node:url'

const MAX_NAME = 600

/**
 * A path where it is one. Names that bundlers make up (webpack://shop/./src/a.ts?1f3a) lose their scheme and are relative to
 * the working directory, as their makers mean them.
 */
export function sourceName(source: unknown, root: unknown, base: string): string | undefined {
  if (typeof source !== 'string' || source === '' || source.length > MAX_NAME) return undefined
  const prefix = typeof root === 'string' && root !== '' ? (root.endsWith('/') ? root : root + '/') : ''
  const name = /^([a-z][\w+.-]*:|\/)/i.test(source) ? source : prefix + source
  if (/^[a-z]:[\\/]/i.test(name)) return clean(name)
  if (/^(?!file:)[a-z][\w+.-]*:/i.test(name)) return clean(withoutScheme(name))
  try {
    const url = new URL(name, base)
    return url.protocol === 'file:' ? clean(fileURLToPath(url)) : undefined
  } catch {
    return undefined
  }
}

/** webpack://shop/./src/a.ts?1f3a → src/a.ts; webpack:///./a.ts → a.ts; turbopack:///[project]/src/a.ts → src/a.ts */
function withoutScheme(name: string): string {
  const path = name.replace(/^[^:]+:(\/\/[^/]*\/?)?/, '').replace(/\?[^/]*$/, '')
  return path.replace(/^(\.?\/)+/, '').replace(/^\[project\]\//, '')
}

export function functionName(name: unknown): string | undefined {
  return typeof name === 'string' && name.length <= 160 && /^[\p{ID_Start}$_#][\p{ID_Continue}$.#]*$/u.test(name)
    ? name
    : undefined
}

/** No control characters: it goes to terminals. */
function clean(path: string): string | undefined {
  return path === '' || /[\0-\x1f\x7f-\x9f]/.test(path) ? undefined : path
}
