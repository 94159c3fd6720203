/** Every key, once. Input, footer and help are made from this table. Key names are those of the terminal library. */
import type { FlameEvent, FlameMove } from './state/flame.ts'
import type { Event } from './state/reduce.ts'
import type { State, ViewName } from './state/state.ts'

export interface KeyScene {
  state: State
  /** Keys of the rows on screen, in their order. */
  rows: string[]
  /** Columns of the view that can be sorted by. */
  sortable: string[]
  opens: boolean
  /** Lines of a page. */
  page: number
  /** Key of the selected row. */
  selected: string | undefined
}

export type Action = Event | { type: 'quit' }

export interface KeyRow {
  keys: string[]
  /** As the footer and the help show it. */
  shown: string
  /** The footer's word; without one it stands in the help only. */
  label?: string
  /** Another word where the key means something else. */
  labelIn?: (scene: KeyScene) => string | undefined
  about: string
  group: 'views' | 'list' | 'flame' | 'screen'
  /** Not offered where this says no. */
  when?: (scene: KeyScene) => boolean
  action: (scene: KeyScene) => Action
}

const isList = (scene: KeyScene) => scene.sortable.length > 0 && !isOpen(scene)
const inFlame = ({ state }: KeyScene) => state.view === 'hot' && state.flame !== null
const isOpen = ({ state }: KeyScene) => state.places[state.view].open !== null
const scrolls = (scene: KeyScene) => isOpen(scene) || scene.state.view === 'help'

const go = (view: ViewName, key: string, about: string): KeyRow => ({
  keys: [key],
  shown: key,
  label: view,
  about,
  group: 'views',
  action: () => ({ type: 'view', view }),
})

const step = (
  keys: string[],
  shown: string,
  about: string,
  by: (scene: KeyScene) => number,
  move?: FlameMove,
): KeyRow => ({
  keys,
  shown,
  about,
  group: 'list',
  when: (scene) => (inFlame(scene) ? move !== undefined : isList(scene) || scrolls(scene)),
  action: (scene) => {
    if (inFlame(scene) && move !== undefined) return { type: 'flame-move', move }
    return scrolls(scene) ? { type: 'scroll', by: by(scene) } : { type: 'move', by: by(scene), keys: scene.rows }
  },
})

const flame = (keys: string[], shown: string, about: string, event: FlameEvent, label?: string): KeyRow => ({
  keys,
  shown,
  ...(label === undefined ? {} : { label }),
  about,
  group: 'flame',
  when: inFlame,
  action: () => event,
})

export const KEYS: readonly KeyRow[] = [
  go('overview', 'o', 'is my loop healthy, what blocks it, who suffers'),
  go('blocks', 'b', 'who blocked the loop, by function, line and route'),
  go('routes', 'r', 'every route: latency, its parts, who delays whom'),
  go('tasks', 't', 'what is in flight, and what it waits on'),
  go('pools', 'p', 'how full each pool is, who waits, who holds'),
  go('hot', 'h', 'who holds the loop, by line, all the time'),
  go('instances', 'i', 'processes and threads, what is hooked, what it costs'),
  {
    keys: ['?', 'f1'],
    shown: '?',
    label: 'help',
    about: 'this page, and back',
    group: 'views',
    action: () => ({ type: 'help' }),
  },
  {
    keys: ['enter', 'return'],
    shown: 'Enter',
    label: 'open',
    labelIn: (scene) => (inFlame(scene) ? 'zoom' : scene.state.view === 'hot' ? 'flame' : undefined),
    about: 'opens the row; hot: flame graph; instances: only it',
    group: 'list',
    when: (scene) =>
      inFlame(scene) || (isList(scene) && scene.rows.length > 0 && (scene.opens || scene.state.view === 'instances')),
    action: (scene) => {
      const { state, rows, selected } = scene
      if (inFlame(scene)) return { type: 'flame-zoom' }
      return state.view === 'instances'
        ? { type: 'instance', instance: state.instance === null ? (selected ?? null) : null }
        : { type: 'open', keys: rows }
    },
  },
  {
    keys: ['escape', 'backspace'],
    shown: 'Esc',
    label: 'back',
    about: 'one step out: of the detail, the filter, the view',
    group: 'list',
    when: ({ state }) => state.view !== 'overview' || state.instance !== null,
    action: () => ({ type: 'back' }),
  },
  step(['up', 'k'], '↑ k', 'up', () => -1, 'up'),
  step(['down', 'j'], '↓ j', 'down', () => 1, 'down'),
  step(['pageup', 'C-u'], 'PgUp', 'a page up', ({ page }) => -page),
  step(['pagedown', 'C-d'], 'PgDn', 'a page down', ({ page }) => page),
  step(['home'], 'Home', 'to the first row: stays on the worst', () => -1e6),
  step(['end'], 'End', 'to the last row', () => 1e6),
  {
    keys: ['/'],
    shown: '/',
    label: 'filter',
    about: 'filters as you type; Enter keeps it, Esc drops it',
    group: 'list',
    when: isList,
    action: () => ({ type: 'type-filter' }),
  },
  {
    keys: ['s'],
    shown: 's',
    label: 'sort',
    about: 'sorts by the next column, and back to worst first',
    group: 'list',
    when: isList,
    action: ({ sortable }) => ({ type: 'sort', columns: sortable }),
  },
  {
    keys: ['S-s', 'S'],
    shown: 'S',
    about: 'turns the order around',
    group: 'list',
    when: isList,
    action: () => ({ type: 'reverse' }),
  },
  {
    keys: ['S-f', 'F'],
    shown: 'F',
    about: 'the selection follows its row, or keeps its place',
    group: 'list',
    when: isList,
    action: () => ({ type: 'follow' }),
  },
  flame(['left'], '←', 'the frame to the left', { type: 'flame-move', move: 'left' }),
  flame(['right'], '→', 'the frame to the right', { type: 'flame-move', move: 'right' }),
  flame(['S-r', 'R'], 'R', 'the route of the frame alone, or all', { type: 'flame-route' }, 'route'),
  flame(['S-i', 'I'], 'I', 'turns it around: what ran, and who called it', { type: 'flame-invert' }, 'invert'),
  flame(['a'], 'a', 'all frames of libraries and of Node, or few', { type: 'flame-everything' }, 'all'),
  flame(['w'], 'w', 'the last minute, 5 or 15', { type: 'flame-window' }, 'window'),
  {
    keys: ['space'],
    shown: 'Space',
    label: 'freeze',
    about: 'stops this screen; data keeps arriving; again: on',
    group: 'screen',
    action: () => ({ type: 'freeze' }),
  },
  {
    keys: ['m'],
    shown: 'm',
    about: 'mouse on or off (off: select and copy as always)',
    group: 'screen',
    action: () => ({ type: 'mouse' }),
  },
  {
    keys: ['q', 'C-c'],
    shown: 'q',
    label: 'quit',
    about: 'ends loopscope, and with `run` the program',
    group: 'screen',
    action: () => ({ type: 'quit' }),
  },
]

/** The action of a key press, or null where the key means nothing here. */
export function actionFor(key: string, scene: KeyScene): Action | null {
  const row = KEYS.find((one) => one.keys.includes(key))
  if (!row || (row.when && !row.when(scene))) return null
  return row.action(scene)
}
