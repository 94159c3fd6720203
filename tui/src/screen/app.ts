/** The interactive program: events into the state, the state onto the terminal, at most ten times a second. */
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { actionFor } from '../keys.ts'
import type { Source } from '../source/open.ts'
import { reduce, type Event } from '../state/reduce.ts'
import { initialState, type State } from '../state/state.ts'
import { sanitise } from '../text/sanitise.ts'
import { contextOf } from '../views/context.ts'
import { VIEWS } from '../views/index.ts'
import type { Line } from '../views/line.ts'
import { sceneOf, screenful, type Look } from '../views/screenful.ts'
import { openTerminal } from './blessed-terminal.ts'
import { createFlameFeed } from './flame-feed.ts'
import { paint, type Palette } from './paint.ts'

/** Why the screen is over. */
export type Ending =
  | { kind: 'quit' }
  | { kind: 'signal'; signal: NodeJS.Signals }
  | { kind: 'terminal-gone' }
  | { kind: 'crash'; error: unknown }
  | { kind: 'stopped' }

export interface AppOptions {
  source: Source
  look: Look
  palette: Palette
  now: () => number
  /** Ends the screen from outside: the observed program is over. */
  stop?: AbortSignal
}

const FRAME_MS = 100
const TICK_MS = 1000
const MAX_SOURCE_BYTES = 2 * 1024 * 1024
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const

export function runApp({ source, look, palette, now, stop }: AppOptions): Promise<Ending> {
  let state: State = initialState(now(), source.instance ?? null)
  let drawn: Line[] = []
  let lastFrame = 0
  let frame: NodeJS.Timeout | undefined
  let isOver = false

  return new Promise((settle) => {
    const draw = () => {
      frame = undefined
      lastFrame = now()
      try {
        drawn = screenful(state, terminal.size(), look)
        terminal.draw(drawn.map((line) => paint(line, palette)))
      } catch (error) {
        end({ kind: 'crash', error })
      }
    }
    const schedule = () => {
      frame ??= setTimeout(draw, Math.max(0, FRAME_MS - Math.max(0, now() - lastFrame)))
    }
    const send = (event: Event) => {
      const before = state
      state = reduce(state, event)
      if (state.mouse !== before.mouse) terminal.mouse(state.mouse)
      if (event.type === 'open') readSources()
      feedFlame(state)
      schedule()
    }
    const feedFlame = createFlameFeed({ source, now, send: (event) => (isOver ? undefined : send(event)) })
    const readSources = () => {
      const { open } = state.places[state.view]
      if (open === null) return
      const context = contextOf(state, look.glyphs, look.cwd)
      const files = VIEWS[state.view].files?.(open, context) ?? []
      for (const path of files)
        if (!(path in state.files)) send({ type: 'file', path, lines: readLines(path, state, look.cwd) })
    }

    const terminal = openTerminal(
      {
        key: (name, character) => {
          if (state.typing) return type(name, character)
          const action = actionFor(name, sceneOf(state, terminal.size(), look))
          if (action === null) return
          if (action.type === 'quit') end({ kind: 'quit' })
          else send(action)
        },
        resize: schedule,
        wheel: (by) => {
          const action = actionFor(by < 0 ? 'up' : 'down', sceneOf(state, terminal.size(), look))
          if (action?.type === 'move' || action?.type === 'scroll') send({ ...action, by })
        },
        click: (row) => {
          const key = drawn[row]?.row
          if (key === undefined) return
          const { rows, selected } = sceneOf(state, terminal.size(), look)
          if (key === selected && VIEWS[state.view].opens) send({ type: 'open', keys: rows })
          else send({ type: 'select', key, keys: rows })
        },
      },
      look.glyphs.name === 'utf8',
    )

    const type = (name: string, character: string | undefined) => {
      const { filter } = state.places[state.view]
      if (name === 'C-c') end({ kind: 'quit' })
      else if (name === 'enter' || name === 'linefeed') send({ type: 'filter-done' })
      else if (name === 'escape') send({ type: 'back' })
      else if (name === 'backspace') send({ type: 'filter', text: [...filter].slice(0, -1).join('') })
      else if (name === 'C-u') send({ type: 'filter', text: '' })
      else if (character !== undefined && sanitise(character) === character && filter.length < 100) {
        send({ type: 'filter', text: filter + character })
      }
    }

    const end = (ending: Ending) => {
      isOver = true
      clearTimeout(frame)
      clearInterval(ticker)
      source.stop()
      stop?.removeEventListener('abort', onStop)
      for (const [signal, handler] of onSignal) process.off(signal, handler)
      process.off('uncaughtException', onCrash)
      process.off('unhandledRejection', onCrash)
      try {
        terminal.restore()
      } catch {
        // The terminal is gone: there is nothing to give back.
      }
      settle(ending)
    }
    const onStop = () => end({ kind: 'stopped' })
    const onCrash = (error: unknown) => end({ kind: 'crash', error })
    const onSignal = SIGNALS.map((signal) => [signal, () => end({ kind: 'signal', signal })] as const)
    const ticker = setInterval(() => send({ type: 'tick', now: now() }), TICK_MS)

    // A closed window (EIO) or a reader of a pipe that left (EPIPE). The listener stays: later writes fail as well.
    process.stdout.on('error', () => end({ kind: 'terminal-gone' }))
    for (const [signal, handler] of onSignal) process.on(signal, handler)
    process.on('uncaughtException', onCrash)
    process.on('unhandledRejection', onCrash)
    if (stop?.aborted) return onStop()
    stop?.addEventListener('abort', onStop)
    source.start(send)
    draw()
  })
}

/** The source of a culprit, where the program runs on this machine and the file can be read. */
function readLines(path: string, state: State, cwd: string): string[] | null {
  const culprit = state.tables.blocks.find((block) => block.file === path)
  const instance = state.tables.instances.find((row) => row.id === culprit?.instance)
  if (instance?.host !== hostname()) return null
  try {
    const file = resolve(instance.cwd ?? cwd, path.replace(/^file:\/\//, ''))
    const { size } = statSync(file, { throwIfNoEntry: true })
    if (size > MAX_SOURCE_BYTES || !statSync(file).isFile()) return null
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((text) => sanitise(text.replace(/\r$/, '').replaceAll('\t', '  ')))
  } catch {
    return null
  }
}
