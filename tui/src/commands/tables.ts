/** One command for each table, all made from the same specs as the views. */
import type { TableName } from '@loopscope/collector/protocol'
import { shown, type State } from '../state/state.ts'
import { clockTime } from '../text/units.ts'
import { BLAME_ABOUT, blameTable } from '../views/blame.ts'
import { blocksTable } from '../views/blocks.ts'
import { contextFor, type ViewContext } from '../views/context.ts'
import { hotTable } from '../views/hot.ts'
import { VIEWS } from '../views/index.ts'
import { instancesTable } from '../views/instances.ts'
import { LAYERS_ABOUT, layersTable } from '../views/layers.ts'
import { line, segment, type Line } from '../views/line.ts'
import { poolsTable } from '../views/pools.ts'
import { tableText } from '../views/report.ts'
import { routesTable } from '../views/routes.ts'
import { STREAMS_ABOUT, streamsTable } from '../views/streams.ts'
import { taskTreeTable } from '../views/task-tree.ts'
import { backgroundTable, tasksTable } from '../views/tasks.ts'
import { WEBSOCKETS_ABOUT, websocketsTable } from '../views/websockets.ts'
import { HELP_OPTION, TARGET_NOTES, TOKEN_OPTION, type Command, type CommandContext, type Option } from './command.ts'
import { follow } from './follow.ts'
import { asksForWindow, HOT_EXAMPLES, HOT_OPTIONS, runHotWindow } from './hot-window.ts'
import { runLast } from './last.ts'
import { numberOption } from './numbers.ts'
import { outputWidth, printLines } from './print.ts'
import { repeat } from './repeat.ts'
import { ANSWER_TIMEOUT_MS, sourceOf } from './source.ts'

type Draw = (context: ViewContext, width: number, limit: number) => Line[]

const TABLES_AS_TEXT = {
  blocks: (context, width, limit) => tableText(blocksTable, context, width, limit),
  hot: (context, width, limit) => tableText(hotTable, context, width, limit),
  blame: (context, width, limit) => tableText(blameTable, context, width, limit),
  routes: (context, width, limit) => tableText(routesTable, context, width, limit),
  layers: (context, width, limit) => tableText(layersTable, context, width, limit),
  tasks: (context, width, limit) => [
    ...tableText(tasksTable, context, width, limit),
    ...backgroundText(context, width, limit),
  ],
  pools: (context, width, limit) => tableText(poolsTable, context, width, limit),
  streams: (context, width, limit) => tableText(streamsTable, context, width, limit),
  websockets: (context, width, limit) => tableText(websocketsTable, context, width, limit),
  instances: (context, width, limit) => tableText(instancesTable, context, width, limit),
} satisfies Partial<Record<TableName, Draw>>

type Named = keyof typeof TABLES_AS_TEXT

function backgroundText(context: ViewContext, width: number, limit: number): Line[] {
  return context.tables.background.length > 0 ? [line(), ...tableText(backgroundTable, context, width, limit)] : []
}

const treeText: Draw = (context, width, limit) => [
  ...tableText(taskTreeTable, context, width, limit),
  ...backgroundText(context, width, limit),
]

const LAST_OPTION: Record<string, Option> = {
  last: { type: 'boolean', about: 'what killed processes were stuck in; the target is a service, nothing has to run' },
}
const LAST_EXAMPLES = [['loopscope blocks --last', 'after a restart: what was the one before stuck in?']] as const

/** What one of them can do and the others can not. */
const MORE: Partial<Record<Named, More>> = {
  blocks: {
    options: LAST_OPTION,
    examples: LAST_EXAMPLES,
    run: (context) => (context.values.last === true ? runLast(context) : undefined),
  },
  tasks: {
    options: { tree: { type: 'boolean', about: 'each below the one that began it' } },
    examples: [['loopscope tasks --tree', 'who began whom']],
    run: (context) =>
      context.values.tree === true && context.values.json !== true ? runText(context, treeText) : undefined,
  },
  hot: {
    options: HOT_OPTIONS,
    examples: HOT_EXAMPLES,
    run: (context) => {
      if (!asksForWindow(context)) return undefined
      const { limit, rhythm } = options(context)
      return runHotWindow(context, limit, rhythm)
    },
  },
}

interface More {
  options: Record<string, Option>
  examples: readonly (readonly [line: string, about: string])[]
  /** undefined: not asked for. */
  run: (context: CommandContext) => Promise<number> | undefined
}

export const tableCommands: readonly Command[] = (Object.keys(TABLES_AS_TEXT) as Named[]).map(tableCommand)

/** A table without a view of its own says itself what it is. */
function aboutOf(name: Named): string {
  if (name === 'blame') return BLAME_ABOUT
  if (name === 'layers') return LAYERS_ABOUT
  if (name === 'streams') return STREAMS_ABOUT
  return name === 'websockets' ? WEBSOCKETS_ABOUT : VIEWS[name].about
}

function tableCommand(name: Named): Command {
  return {
    name,
    summary: aboutOf(name),
    usage: `${name} [target] [options]`,
    positionals: [0, 1],
    options: {
      json: { type: 'boolean', about: `the answer of /api/v1/${name}; with --watch one line for each` },
      watch: { type: 'boolean', about: 'again and again, until Ctrl-C' },
      interval: { type: 'string', value: 'SECONDS', about: 'how often with --watch (default 2)' },
      for: { type: 'string', value: 'SECONDS', about: 'with --watch: for this long, then end' },
      limit: { type: 'string', value: 'N', about: 'at most this many rows' },
      instance: { type: 'string', value: 'ID', about: 'only this instance (an id or a pid)' },
      ...MORE[name]?.options,
      ...TOKEN_OPTION,
      ...HELP_OPTION,
    },
    notes: TARGET_NOTES,
    examples: [
      [`loopscope ${name}`, 'of all local processes, as text'],
      [`loopscope ${name} 127.0.0.1:9464 --json`, 'as JSON, for scripts'],
      [`loopscope ${name} --watch --limit 5`, 'the first five, every two seconds'],
      ...(MORE[name]?.examples ?? []),
    ],
    run: (context) =>
      MORE[name]?.run(context) ??
      (context.values.json === true ? runJson(name, context) : runText(context, TABLES_AS_TEXT[name])),
  }
}

function options({ values }: CommandContext) {
  return {
    limit: numberOption('limit', values.limit, Infinity, [1, 10_000], 'rows'),
    rhythm: {
      intervalMs: numberOption('interval', values.interval, 2, [0.1, 3600], 'seconds') * 1000,
      forMs: values.watch === true ? numberOption('for', values.for, Infinity, [0, 86_400], 'seconds') * 1000 : 0,
    },
  }
}

async function runJson(name: Named, context: CommandContext): Promise<number> {
  const { limit, rhythm } = options(context)
  const { stdout, now } = context.surroundings
  const source = await sourceOf(context)
  const query: Record<string, string> = {}
  if (Number.isFinite(limit)) query.limit = String(Math.round(limit))
  if (source.instance !== undefined) query.instance = source.instance
  const indent = context.values.watch === true ? 0 : 2
  return repeat(
    async () => void stdout.write(`${JSON.stringify(await source.fetchTable(name, query), null, indent)}\n`),
    rhythm,
    now,
  )
}

async function runText(context: CommandContext, draw: Draw): Promise<number> {
  const { limit, rhythm } = options(context)
  const { surroundings } = context
  const followed = follow(await sourceOf(context), surroundings.now, ANSWER_TIMEOUT_MS)
  const print = (state: State) => {
    const { glyphs, cwd } = surroundings.look
    const view = contextFor(shown(state), glyphs, cwd)
    const lines = draw(view, outputWidth(surroundings), limit)
    const time = context.values.watch === true ? [line(segment(clockTime(view.now), 'dim'))] : []
    printLines([...time, ...lines, ...(time.length > 0 ? [line()] : [])], surroundings)
  }
  try {
    await followed.first
    return await repeat(() => print(followed.state()), rhythm, surroundings.now)
  } finally {
    followed.stop()
  }
}
