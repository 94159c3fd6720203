/** The source map that a file names in its last `//# sourceMappingURL=`: inline or a file beside it. Nothing is fetched. */
import { open } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A larger file or map is left alone. */
export const MAX_BYTES = 64 * 2 ** 20
/** A longer name is none. */
const MAX_URL = 2048
const MARK = 'sourceMappingURL='

export interface FoundMap {
  bytes: Buffer
  /** What its sources are relative to. */
  base: string
}

/** Rejects where it is named but cannot be read. */
export async function findMap(path: string, file: Buffer): Promise<FoundMap | undefined> {
  const at = file.lastIndexOf(MARK)
  // `//# ` or `/*# `, and the older `//@ `.
  if (at < 4 || !/^\/[/*][#@][ \t]$/.test(file.toString('latin1', at - 4, at))) return undefined
  const from = at + MARK.length
  const base = pathToFileURL(path).href
  if (file.toString('latin1', from, from + 5) === 'data:') {
    const bytes = inlined(file, from)
    return bytes && { bytes, base }
  }
  const url = /^[^\s'"*]+/.exec(file.toString('utf8', from, from + MAX_URL))?.[0]
  if (url === undefined) return undefined
  const mapUrl = new URL(url, base)
  if (mapUrl.protocol !== 'file:') return undefined
  const bytes = await readBounded(fileURLToPath(mapUrl))
  return bytes && { bytes: bytes.bytes, base: mapUrl.href }
}

/** The content of an ordinary file that is not too large. */
export async function readBounded(path: string): Promise<{ bytes: Buffer; changedAt: number } | undefined> {
  const file = await open(path, 'r')
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > MAX_BYTES) return undefined
    return { bytes: await file.readFile(), changedAt: stat.mtimeMs }
  } finally {
    await file.close()
  }
}

function inlined(file: Buffer, from: number): Buffer | undefined {
  let to = from
  while (to < file.length && file[to]! > 0x20 && file[to] !== 0x2a) to++
  const comma = file.indexOf(',', from)
  if (comma < 0 || comma >= to) return undefined
  const head = file.toString('latin1', from, comma)
  const text = file.toString('latin1', comma + 1, to)
  return head.endsWith(';base64') ? Buffer.from(text, 'base64') : Buffer.from(decodeURIComponent(text))
}
