/** How many columns text takes, and text made to fit. Expects sanitised text: each code point is one or two columns. */
const ASCII = /^[\x20-\x7e]*$/
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += WIDE.test(character) ? 2 : 1
  return width
}

export type Align = 'left' | 'right'
/** Which end of a text that is too long survives: a path says most at its end. */
export type Keep = 'start' | 'end'

export function fit(text: string, width: number, align: Align = 'left', keep: Keep = 'start', ellipsis = '…'): string {
  const cut = cutTo(text, width, keep, ellipsis)
  const space = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return align === 'left' ? cut + space : space + cut
}

export function cutTo(text: string, width: number, keep: Keep = 'start', ellipsis = '…'): string {
  if (widthOf(text) <= width) return text
  if (width <= 0) return ''
  const room = width - widthOf(ellipsis)
  if (room <= 0) return ellipsis.slice(0, width)
  return keep === 'start' ? take([...text], room) + ellipsis : ellipsis + reverse(take([...text].reverse(), room))
}

function take(characters: string[], room: number): string {
  let taken = ''
  let left = room
  for (const character of characters) {
    left -= widthOf(character)
    if (left < 0) break
    taken += character
  }
  return taken
}

function reverse(text: string): string {
  return [...text].reverse().join('')
}
