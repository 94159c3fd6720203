/** A box with a title around lines, and boxes side by side. */
import type { Glyphs } from '../text/glyphs.ts'
import { cutTo, widthOf } from '../text/width.ts'
import { fitSegments, segment, type Line, type Size } from './line.ts'

/** Exactly `size`; lines that do not fit are left out, which the last one then says. */
export function panel(title: string, inner: Line[], size: Size, glyphs: Glyphs, more?: string): Line[] {
  const { box } = glyphs
  const width = Math.max(4, size.columns)
  const room = Math.max(0, size.rows - 2)
  const label = cutTo(title, width - 6, 'start', glyphs.ellipsis)
  const hidden = inner.length - room
  const note = hidden > 0 && more !== undefined ? ` +${hidden} ${more} ` : ''
  const foot = widthOf(note) <= width - 4 ? note : ''
  const top: Line = {
    segments: [
      segment(`${box.topLeft} `, 'dim'),
      segment(label, 'strong'),
      segment(` ${box.across.repeat(width - 4 - widthOf(label))}${box.topRight}`, 'dim'),
    ],
  }
  const bottom: Line = {
    segments: [segment(box.bottomLeft + box.across.repeat(width - 2 - widthOf(foot)) + foot + box.bottomRight, 'dim')],
  }
  const body: Line[] = []
  for (let i = 0; i < room; i++) {
    const content = inner[i] ?? { segments: [] }
    const side = segment(box.down, 'dim')
    const segments = [side, segment(' '), ...fitSegments(content.segments, width - 4, glyphs), segment(' '), side]
    body.push({ ...content, segments })
  }
  return [top, ...body, bottom]
}

export function sideBySide(left: Line[], right: Line[]): Line[] {
  return left.map((one, i) => ({ ...one, segments: [...one.segments, ...(right[i]?.segments ?? [])] }))
}
