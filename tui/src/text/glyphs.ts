/** The marks that the views draw with, in two sets. Colour is never the only sign: each state has its own mark. */
export interface Glyphs {
  name: 'utf8' | 'ascii'
  /** Live, and blocked (with a word beside it). */
  dot: string
  /** Not connected, stale. */
  ring: string
  ok: string
  /** Yellow: look. */
  look: string
  /** Red: act. */
  act: string
  paused: string
  pointer: string
  ellipsis: string
  plusMinus: string
  ascending: string
  descending: string
  /** The left border of an area that is filled with text. */
  edge: string
  full: string
  empty: string
  /** Fills that tell parts of one bar apart without colour. */
  fills: readonly string[]
  box: { topLeft: string; topRight: string; bottomLeft: string; bottomRight: string; across: string; down: string }
  /** Four levels of height for each of two samples in one cell; `sparks[left][right]`. */
  spark: (left: number, right: number) => string
}

/** A braille cell is two columns of four dots; the bits of each column from the bottom up. */
const LEFT_DOTS = [0, 0x40, 0x44, 0x46, 0x47]
const RIGHT_DOTS = [0, 0x80, 0xa0, 0xb0, 0xb8]
const ASCII_LEVELS = [' ', '.', ':', '|', '#']

export const UTF8: Glyphs = {
  name: 'utf8',
  dot: '●',
  ring: '○',
  ok: '✓',
  look: '▲',
  act: '✖',
  paused: '‖',
  pointer: '▸',
  ellipsis: '…',
  plusMinus: '±',
  ascending: '↑',
  descending: '↓',
  edge: '▏',
  full: '█',
  empty: '░',
  fills: ['█', '▓', '▒', '░'],
  box: { topLeft: '┌', topRight: '┐', bottomLeft: '└', bottomRight: '┘', across: '─', down: '│' },
  spark: (left, right) => String.fromCharCode(0x2800 + LEFT_DOTS[left]! + RIGHT_DOTS[right]!),
}

export const ASCII: Glyphs = {
  name: 'ascii',
  dot: '*',
  ring: 'o',
  ok: '+',
  look: '!',
  act: 'X',
  paused: '||',
  pointer: '>',
  ellipsis: '~',
  plusMinus: '+-',
  ascending: '^',
  descending: 'v',
  edge: '|',
  full: '#',
  empty: '.',
  fills: ['#', '=', '-', '.'],
  box: { topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', across: '-', down: '|' },
  spark: (left, right) => ASCII_LEVELS[Math.max(left, right)]!,
}

/** By the locale, in the order in which the C library asks. No locale at all is the POSIX one, which is ASCII. */
export function glyphsFor(env: Record<string, string | undefined>, platform: string): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  if (locale === '') return platform === 'linux' ? ASCII : UTF8
  return /utf-?8/i.test(locale) ? UTF8 : ASCII
}

/** What is left of text where the terminal can show ASCII only. */
export function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, '?')
}
