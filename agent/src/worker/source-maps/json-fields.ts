/**
 * The fields of a JSON object as ranges of its bytes, in slices: JSON.parse of a large map (its `sourcesContent` are whole
 * programs) would hold the watchdog up for 100 ms and more. Says nothing of what is inside the values.
 */
export type Range = readonly [from: number, to: number]

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** So many parts of values (strings, brackets, quotes within strings) between two places where it may be interrupted. */
const STEPS = 2048
const LONG = 8192

/** Throws where the text is not an object. Yields where it may be interrupted. */
export function* jsonFields(bytes: Buffer): Generator<void, Map<string, Range>> {
  const fields = new Map<string, Range>()
  let at = expect(bytes, skipSpace(bytes, 0), OPEN_OBJECT)
  for (;;) {
    at = skipSpace(bytes, at)
    if (bytes[at] === CLOSE_OBJECT) return fields
    const key = at
    at = yield* stringEnd(bytes, expect(bytes, at, QUOTE))
    const name = JSON.parse(bytes.toString('utf8', key, at)) as string
    const from = skipSpace(bytes, expect(bytes, skipSpace(bytes, at), COLON))
    at = yield* valueEnd(bytes, from)
    fields.set(name, [from, at])
    at = skipSpace(bytes, at)
    if (bytes[at] === COMMA) at++
    else if (bytes[at] !== CLOSE_OBJECT) throw new SyntaxError(`expected , or } at ${at}`)
    yield
  }
}

function* valueEnd(bytes: Buffer, from: number): Generator<void, number> {
  let at = from
  if (bytes[at] === QUOTE) return yield* stringEnd(bytes, at + 1)
  if (bytes[at] === OPEN_ARRAY || bytes[at] === OPEN_OBJECT) {
    let depth = 0
    for (let steps = 1; at < bytes.length; steps++) {
      const byte = bytes[at]
      if (byte === QUOTE) at = yield* stringEnd(bytes, at + 1)
      else {
        at++
        if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++
        else if ((byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) && --depth === 0) return at
      }
      if (steps % STEPS === 0) yield
    }
    throw new SyntaxError('the text ends within a value')
  }
  while (at < bytes.length && !isEnd(bytes[at]!)) at++
  return at
}

/** Behind the closing quote: one that an even number of backslashes precedes. */
function* stringEnd(bytes: Buffer, from: number): Generator<void, number> {
  let at = from
  for (let steps = 1; ; steps++) {
    at = bytes.indexOf(QUOTE, at)
    if (at < 0) throw new SyntaxError('the text ends within a string')
    let slashes = at
    while (slashes > from && bytes[slashes - 1] === BACKSLASH) slashes--
    at++
    if ((at - slashes) % 2 === 1) {
      // Long strings, each of them.
      if (at - from > LONG) yield
      return at
    }
    if (steps % STEPS === 0) yield
  }
}

function isEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at]! <= 0x20) at++
  return at
}

function expect(bytes: Buffer, at: number, byte: number): number {
  if (bytes[at] !== byte) throw new SyntaxError(`expected ${String.fromCharCode(byte)} at ${at}`)
  return at + 1
}
