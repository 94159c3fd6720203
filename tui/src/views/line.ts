/** What a view returns: lines of styled text. A tone says what the text means; the screen decides what that looks like. */
import type { Glyphs } from '../text/glyphs.ts'
import { cutTo, widthOf } from '../text/width.ts'

/** good: fine. look: yellow. act: red. loud: the one thing to see. */
type TextTone = 'plain' | 'dim' | 'strong' | 'accent' | 'good' | 'look' | 'act' | 'loud'
/** Areas of the flame graph: what a frame is, and the one that is chosen. */
export type AreaTone = 'route' | 'own' | 'library' | 'platform' | 'chosen'
export type Tone = TextTone | AreaTone

export interface Segment {
  text: string
  tone?: Tone
}

export interface Line {
  segments: Segment[]
  /** The row that this line shows, for the mouse. */
  row?: string
  selected?: boolean
}

export interface Size {
  columns: number
  rows: number
}

export type Part = string | Segment | Segment[]

export function segment(text: string, tone?: Tone): Segment {
  return tone === undefined ? { text } : { text, tone }
}

export function segmentsOf(part: Part): Segment[] {
  if (typeof part === 'string') return part === '' ? [] : [{ text: part }]
  return Array.isArray(part) ? part : [part]
}

export function line(...parts: Part[]): Line {
  return { segments: parts.flatMap(segmentsOf) }
}

export function textOf(part: Line | Part): string {
  if (typeof part === 'string') return part
  if (Array.isArray(part)) return part.map((piece) => piece.text).join('')
  return 'segments' in part ? textOf(part.segments) : part.text
}

/** Exactly `width` columns: cut with an ellipsis, or filled with spaces. */
export function fitSegments(segments: Segment[], width: number, glyphs: Glyphs): Segment[] {
  const total = segments.reduce((sum, piece) => sum + widthOf(piece.text), 0)
  if (total <= width) return total === width ? segments : [...segments, { text: ' '.repeat(width - total) }]
  const fitted: Segment[] = []
  let left = width
  for (const piece of segments) {
    const pieceWidth = widthOf(piece.text)
    if (pieceWidth < left) {
      fitted.push(piece)
      left -= pieceWidth
      continue
    }
    fitted.push({ ...piece, text: cutTo(`${piece.text} `, left, 'start', glyphs.ellipsis) })
    break
  }
  const used = fitted.reduce((sum, piece) => sum + widthOf(piece.text), 0)
  return used < width ? [...fitted, { text: ' '.repeat(width - used) }] : fitted
}

/** Two ends of one line. The left one gives way. */
export function spread(left: Segment[], right: Segment[], width: number, glyphs: Glyphs): Line {
  const rightWidth = widthOf(textOf(right))
  if (rightWidth >= width) return { segments: fitSegments(left, width, glyphs) }
  return { segments: [...fitSegments(left, width - rightWidth, glyphs), ...right] }
}
