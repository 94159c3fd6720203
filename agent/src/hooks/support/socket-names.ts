/** What a connection is called: its path, without what a client may put into it. */

/** Numbers, UUIDs, tokens: a segment that names one of many. */
const PARAMETER = /^(?:\d+|(?=.*\d)[\w.~%=-]{16,}|.{41,})$/

/** The path of a URL; its query is not looked at. */
export function pathOf(url: string | undefined): string {
  const path = (url ?? '').replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  if (path === '' || path === '/') return '/'
  return path
    .split('/')
    .map((segment) => (PARAMETER.test(segment) ? ':id' : segment))
    .join('/')
}

/** Bytes of a message, as the program gives it and as it is given to the program. */
export function bytesOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  if (typeof data === 'number') return String(data).length
  if (typeof data !== 'object' || data === null) return 0
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength
  if (Array.isArray(data)) return (data as unknown[]).reduce<number>((sum, part) => sum + partBytes(part), 0)
  const { size } = data as { size?: unknown }
  return typeof size === 'number' ? size : 0
}

/** An array holds the fragments of a message, or its bytes. */
function partBytes(part: unknown): number {
  return typeof part === 'number' ? 1 : bytesOf(part)
}
