/**
 * Which blocks are kept, by culprit: how often, how long and whom each culprit blocked is counted exactly; of its blocks
 * the newest and the longest stay as rows. There is no limit for all together that a noisy culprit could use up: one that
 * blocks a thousand times a minute drops rows of its own, never those of a rare one.
 */
import type { BlockRow, CulpritRow, Victims } from '../protocol/rows.ts'
import { Histogram } from './histogram.ts'

/** What of a block matters here; it goes on changing while late evidence comes in. */
export type Keepable = Omit<BlockRow, 'instance' | 'thread' | 'open'>

export interface KeepLimits {
  rowsPerCulprit: number
  /** Rows in all; where there are more, the culprit with the most of them drops one. */
  rows: number
  /** Where there are more, the least harmful one is counted among the others from then on. */
  culprits: number
}

export const KEEP: KeepLimits = { rowsPerCulprit: 20, rows: 400, culprits: 100 }

/** Harm is forgotten by halves, so that what was bad yesterday makes place for what is bad today. */
const HALF_LIFE_MS = 15 * 60_000
const MAX_ROUTES = 50

interface Group<B> {
  key: string
  /** In the order of their ends. */
  rows: B[]
  durations: Histogram
  firstAt: number
  lastAt: number
  /** Victims of blocks that are no rows any more. */
  gone: Victims
  harm: number
  harmAt: number
}

export class KeptBlocks<B extends Keepable = Keepable> {
  readonly #limits: KeepLimits
  readonly #groups = new Map<string, Group<B>>()
  /** Late evidence may change what a block's key is made of. */
  readonly #groupOf = new WeakMap<B, Group<B>>()
  readonly #others = { culprits: 0, durations: new Histogram(), firstAt: 0, lastAt: 0, victims: noVictims() }
  #rows = 0

  constructor(limits: KeepLimits = KEEP) {
    this.#limits = limits
  }

  /** A finished block, once its cause is known. */
  add(block: B): void {
    const { rowsPerCulprit, rows, culprits } = this.#limits
    const key = culpritKey(block)
    let group = this.#groups.get(key)
    if (!group) this.#groups.set(key, (group = newGroup(key, block)))
    const end = block.at + block.duration
    this.#groupOf.set(block, group)
    group.rows.push(block)
    this.#rows++
    group.durations.record(block.duration)
    group.lastAt = Math.max(group.lastAt, end)
    group.harm = harmAt(group, end) + block.duration + block.victims.time
    group.harmAt = end
    if (group.rows.length > rowsPerCulprit) this.#dropRow(group)
    if (this.#groups.size > culprits) this.#leave(group, end)
    if (this.#rows > rows) this.#dropRow(most(this.#groups.values(), (one) => one.rows.length)!)
  }

  /** Somebody turns out to have waited for a block that may be no row any more. */
  late(block: B, route: string, time: number, exact: number): void {
    const group = this.#groupOf.get(block)
    if (!group) return
    const isThere = this.#groups.get(group.key) === group
    group.harm += time
    if (isThere && group.rows.includes(block)) return
    addVictims(isThere ? group.gone : this.#others.victims, { count: 1, time, exact, byRoute: { [route]: 1 } })
  }

  /** In no order. */
  rows(): B[] {
    return [...this.#groups.values()].flatMap((group) => group.rows)
  }

  /** `fresh`: blocks that are not added yet, but count already. */
  culprits(instance: string, fresh: readonly B[]): CulpritRow[] {
    const freshByKey = Map.groupBy(fresh, culpritKey)
    const rows = [...this.#groups.values()].map((group) => rowOf(instance, group, freshByKey.get(group.key) ?? []))
    for (const [key, blocks] of freshByKey) {
      if (!this.#groups.has(key)) rows.push(rowOf(instance, newGroup(key, blocks[0]!), blocks))
    }
    const { culprits, durations, firstAt, lastAt, victims } = this.#others
    if (culprits === 0) return rows
    const unnamed = {
      cause: 'unknown',
      function: null,
      file: null,
      line: null,
      column: null,
      api: null,
      route: null,
    } as const
    const id = `${instance}|others`
    return [...rows, { id, instance, ...unnamed, others: culprits, ...sums(durations), victims, firstAt, lastAt }]
  }

  /** The newest half stays, and of the rest the longest. */
  #dropRow(group: Group<B>): void {
    const { rows } = group
    const old = rows.slice(0, Math.max(1, rows.length - Math.ceil(this.#limits.rowsPerCulprit / 2)))
    const dropped = old.reduce((short, block) => (block.duration < short.duration ? block : short))
    rows.splice(rows.indexOf(dropped), 1)
    this.#rows--
    addVictims(group.gone, dropped.victims)
  }

  /** The least harmful culprit leaves; not the one that has just come, or none could ever come. */
  #leave(newcomer: Group<B>, now: number): void {
    const candidates = [...this.#groups.values()].filter((group) => group !== newcomer)
    const group = most(candidates, (one) => -harmAt(one, now))
    if (!group) return
    this.#groups.delete(group.key)
    this.#rows -= group.rows.length
    const others = this.#others
    others.firstAt = others.culprits === 0 ? group.firstAt : Math.min(others.firstAt, group.firstAt)
    others.lastAt = Math.max(others.lastAt, group.lastAt)
    others.culprits++
    others.durations.merge(group.durations)
    addVictims(others.victims, victimsOf(group, []))
  }
}

/** One culprit: a function, its line and the route; where nothing was captured, the cause is all that tells blocks apart. */
function culpritKey({ function: fn, cause, file, line, route, allowed, startup }: Keepable): string {
  return [fn ?? cause, file, line, route, allowed, startup].join('|')
}

function newGroup<B extends Keepable>(key: string, { at }: B): Group<B> {
  return { key, rows: [], durations: new Histogram(), firstAt: at, lastAt: at, gone: noVictims(), harm: 0, harmAt: at }
}

function harmAt({ harm, harmAt: at }: Group<Keepable>, now: number): number {
  return harm * 2 ** (-Math.max(0, now - at) / HALF_LIFE_MS)
}

function noVictims(): Victims {
  return { count: 0, time: 0, exact: 0, byRoute: {} }
}

function addVictims(sum: Victims, { count, time, exact = 0, byRoute }: Victims): void {
  sum.count += count
  sum.time += time
  sum.exact = (sum.exact ?? 0) + exact
  for (const [route, times] of Object.entries(byRoute)) {
    const known = route in sum.byRoute || Object.keys(sum.byRoute).length < MAX_ROUTES
    const name = known ? route : 'other'
    sum.byRoute[name] = (sum.byRoute[name] ?? 0) + times
  }
}

function victimsOf<B extends Keepable>(group: Group<B>, fresh: readonly B[]): Victims {
  const sum = noVictims()
  addVictims(sum, group.gone)
  for (const block of [...group.rows, ...fresh]) addVictims(sum, block.victims)
  return sum
}

function sums(durations: Histogram): Pick<CulpritRow, 'count' | 'total' | 'max' | 'p50'> {
  const { count, sum, max } = durations
  return { count, total: sum, max, p50: durations.quantile(0.5) }
}

function rowOf<B extends Keepable>(instance: string, group: Group<B>, fresh: readonly B[]): CulpritRow {
  let { durations } = group
  if (fresh.length > 0) {
    durations = Histogram.from(durations.toData())
    for (const block of fresh) durations.record(block.duration)
  }
  const blocks = [...group.rows, ...fresh]
  const { cause, function: fn, file, line, column, api, route, allowed, startup } = most(blocks, (one) => one.duration)!
  return {
    id: `${instance}|${group.key}`,
    instance,
    ...{ cause, function: fn, file, line, column, api, route },
    ...(allowed === undefined ? {} : { allowed }),
    ...(startup === undefined ? {} : { startup }),
    ...sums(durations),
    victims: victimsOf(group, fresh),
    firstAt: group.firstAt,
    lastAt: Math.max(group.lastAt, ...fresh.map((block) => block.at + block.duration)),
  }
}

function most<T>(items: Iterable<T>, value: (item: T) => number): T | undefined {
  let best: T | undefined
  for (const item of items) if (best === undefined || value(item) > value(best)) best = item
  return best
}
