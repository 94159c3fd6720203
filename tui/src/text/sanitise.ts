/**
 * Text that a program names (functions, routes, files, pool names, messages) can hold anything. This is the one gate that it
 * passes on its way to a terminal: controls and escapes (Cc), formats such as bidi overrides and zero-width characters (Cf),
 * line separators, lone surrogates and what Unicode has not assigned become one visible mark each. Combining marks are
 * composed where a composed form exists and marked otherwise, so that one code point is always one or two columns wide.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{M}]/gu
const PLAIN = /^[\x20-\x7e]*$/

export const UNSAFE_MARK = '\ufffd'

export function sanitise(text: string): string {
  if (PLAIN.test(text)) return text
  return text.normalize('NFC').replace(UNSAFE, (found) => (found === '\t' ? ' ' : UNSAFE_MARK))
}

/** Every string in a parsed message, keys too. What came over the wire is clean from here on. */
export function sanitiseDeep<T>(value: T): T {
  if (typeof value === 'string') return sanitise(value) as T
  if (Array.isArray(value)) return value.map(sanitiseDeep) as T
  if (typeof value !== 'object' || value === null) return value
  const clean: [string, unknown][] = Object.entries(value).map(([key, part]) => [sanitise(key), sanitiseDeep(part)])
  return Object.fromEntries(clean) as T
}
