/** Lines on standard output: with colour on a terminal, without any escape code elsewhere. */
import { plain, paint, paletteFor } from '../screen/paint.ts'
import type { Line } from '../views/line.ts'
import type { Surroundings } from './command.ts'

export function printLines(lines: Line[], { stdout, env, look }: Surroundings): void {
  const palette = paletteFor(env, look.glyphs)
  const styled = stdout.isTTY && palette.colour
  stdout.write(
    lines.map((line) => `${styled ? paint(line, palette).trimEnd() : plain(line, palette.ascii)}\n`).join(''),
  )
}

/** As wide as the terminal; in a pipe as wide as the content. */
export function outputWidth({ stdout }: Surroundings): number {
  return stdout.isTTY ? stdout.columns : Infinity
}
