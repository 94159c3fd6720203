/**
 * The terminal, through blessed: raw keys in, a grid of cells out of which only what changed is written. blessed is used for
 * that alone; what is drawn is decided by the views.
 */
import { createRequire } from 'node:module'
import type * as BlessedModule from 'blessed'
import { widthOf } from '../text/width.ts'
import type { Size } from '../views/line.ts'

export interface Terminal {
  size: () => Size
  /** One painted string for each row. */
  draw: (rows: string[]) => void
  mouse: (on: boolean) => void
  /** Gives the terminal back as it was. Can be called again. */
  restore: () => void
}

export interface TerminalListener {
  /** The name of a key (`C-c`, `escape`), and the character that it types, if it types one. */
  key: (name: string, character: string | undefined) => void
  resize: () => void
  click: (row: number) => void
  wheel: (by: number) => void
}

interface Unicode {
  charWidth: (character: string) => number
}

export function openTerminal(listener: TerminalListener, unicodeTerminal: boolean): Terminal {
  // Without this blessed takes the line-drawing set of the terminal, which a UTF-8 one may not have. Read at screen().
  process.env.NCURSES_NO_UTF8_ACS = '1'
  const blessed = createRequire(import.meta.url)('blessed') as typeof BlessedModule & { unicode: Unicode }
  const screen = blessed.screen({
    fullUnicode: true,
    forceUnicode: unicodeTerminal,
    terminal: 'xterm-256color',
    smartCSR: false,
    resizeTimeout: 50,
    title: 'loopscope',
  })
  const box = blessed.box({ parent: screen, top: 0, left: 0, width: '100%', height: '100%', tags: false, wrap: false })
  let restored = false
  let mouseOn = false

  screen.on('keypress', (character: string | undefined, key: BlessedModule.Widgets.Events.IKeyEventArg) => {
    // blessed reports one press as both.
    if (key.name === 'return') return
    listener.key(key.full ?? character ?? '', character)
  })
  screen.on('resize', listener.resize)
  screen.program.on('mouse', (event: { action: string; y: number }) => {
    if (!mouseOn) return
    if (event.action === 'wheelup') listener.wheel(-3)
    else if (event.action === 'wheeldown') listener.wheel(3)
    else if (event.action === 'mousedown') listener.click(event.y)
  })

  return {
    size: () => ({ columns: screen.width as number, rows: screen.height as number }),
    draw: (rows) => {
      if (restored) return
      box.setContent(rows.map((row) => measurable(row, blessed.unicode)).join('\n'))
      screen.render()
    },
    mouse: (on) => {
      mouseOn = on
      if (on) screen.program.enableMouse()
      else screen.program.disableMouse()
    },
    restore: () => {
      if (restored) return
      restored = true
      if (mouseOn) screen.program.disableMouse()
      screen.destroy()
    },
  }
}

/** Where blessed's tables of 2013 and ours disagree on a width, the line would shift: such a character is replaced. */
function measurable(row: string, unicode: Unicode): string {
  return row.replace(/[^\0-\u2fff]/gu, (character) => {
    const width = widthOf(character)
    return unicode.charWidth(character) === width ? character : '?'.repeat(width)
  })
}
