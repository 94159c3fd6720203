/** Lines as text: plain, or with SGR codes. The last gate before a terminal: everything is sanitised here once more. */
import { toAscii, type Glyphs } from '../text/glyphs.ts'
import { sanitise } from '../text/sanitise.ts'
import type { Line, Segment, Tone } from '../views/line.ts'

export interface Palette {
  colour: boolean
  ascii: boolean
}

/** https://no-color.org: any value that is not empty. Inverse and bold stay: they are no colours. */
export function paletteFor(env: Record<string, string | undefined>, glyphs: Glyphs): Palette {
  return { colour: !env.NO_COLOR && env.TERM !== 'dumb', ascii: glyphs.name === 'ascii' }
}

// The 16 colours of the terminal's own theme; grey is a fixed one that can be read on black and on white.
const COLOURED: Record<Tone, string> = {
  plain: '',
  dim: '38;5;245',
  strong: '1',
  accent: '36',
  good: '32',
  look: '33',
  act: '1;31',
  loud: '1;97;41',
  // Areas: dark text on fixed colours, which no theme changes.
  route: '38;5;16;48;5;110',
  own: '38;5;16;48;5;215',
  library: '38;5;252;48;5;240',
  platform: '38;5;250;48;5;236',
  chosen: '1;38;5;16;48;5;231',
}

const COLOURLESS: Record<Tone, string> = {
  plain: '',
  dim: '',
  strong: '1',
  accent: '',
  good: '',
  look: '',
  act: '1',
  loud: '1;7',
  route: '1',
  own: '',
  library: '',
  platform: '',
  chosen: '1;7',
}

export function paint(line: Line, palette: Palette): string {
  return line.segments.map((piece) => paintSegment(piece, line.selected === true, palette)).join('')
}

function paintSegment({ text, tone = 'plain' }: Segment, selected: boolean, { colour, ascii }: Palette): string {
  const safe = ascii ? toAscii(sanitise(text)) : sanitise(text)
  // A selected row is one bar: its own colours would tear it.
  const codes = selected ? (tone === 'strong' || tone === 'act' ? '1;7' : '7') : (colour ? COLOURED : COLOURLESS)[tone]
  return codes === '' ? safe : `\x1b[${codes}m${safe}\x1b[0m`
}

export function plain(line: Line, ascii: boolean): string {
  const text = sanitise(line.segments.map((piece) => piece.text).join('')).trimEnd()
  return ascii ? toAscii(text) : text
}
