/**
 * Lines that may be blamed carry a comment: an arrow `<-` and a name. One that stands alone belongs to the line above, which
 * is where formatters put what follows a brace.
 */
import { readFileSync } from 'node:fs'

/** Line numbers by name. */
export function arrowsOf(path) {
  const arrows = {}
  for (const [i, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    const [code, ...names] = text.split('// <- ')
    for (const name of names) (arrows[name.trim()] ??= []).push(code.trim() === '' ? i : i + 1)
  }
  return arrows
}
