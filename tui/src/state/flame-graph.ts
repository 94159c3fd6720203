/** Stacks as a tree: what lies on what, and for how long. Outermost frames first, or turned around: who called what ran. */
import type { Frame, StacksRow, StackSum } from '@loopscope/collector/protocol'

/** route: a request's, not a frame. own: the program's code. library: a package. platform: Node and V8. */
export type FlameKind = 'route' | 'own' | 'library' | 'platform'

export interface FlameNode {
  key: string
  kind: FlameKind
  name: string
  /** Empty where there is none. */
  file: string
  line: number
  /** ms of the loop, in it and in what it called. */
  time: number
  /** ms in which it was itself the innermost frame. */
  self: number
  samples: number
  /** ms by route. */
  routes: Map<string | null, number>
  /** Most time first. */
  children: FlameNode[]
}

export interface FlameOptions {
  /** Of one route alone; null: of what runs in no request; undefined: all, each under its route. */
  route?: string | null | undefined
  /** Innermost frames first: who called them. */
  inverted: boolean
  /** Every frame of libraries and of Node, instead of the first of each run. */
  everything: boolean
}

export const NO_ROUTE = 'outside of requests'

interface Step {
  kind: FlameKind
  name: string
  file: string
  line: number
}

export function flameGraph(rows: readonly StacksRow[], options: FlameOptions): FlameNode {
  const root = node('', { kind: 'platform', name: 'all', file: '', line: 0 })
  for (const { frames, stacks } of rows) {
    for (const stack of stacks) {
      if (options.route !== undefined && stack.route !== options.route) continue
      const path = stack.frames.map((place) => frames[place]!)
      add(root, stepsOf(path, stack.route, options), stack)
    }
  }
  order(root)
  return root
}

function stepsOf(path: Frame[], route: string | null, { route: only, inverted, everything }: FlameOptions): Step[] {
  const steps = (everything ? path : folded(path)).map(stepOf)
  if (inverted) return steps.reverse()
  if (only !== undefined) return steps
  return [{ kind: 'route', name: route ?? NO_ROUTE, file: '', line: 0 }, ...steps]
}

/**
 * A request goes through dozens of frames of the framework, and samples hold a dozen in all. What called the program's code is
 * left out; of each run of foreign frames inside of it the outermost one stays: what the program called. A stack without any
 * own frame keeps the first frame of its innermost library.
 */
function folded(path: Frame[]): Frame[] {
  const firstOwn = path.findIndex((frame) => kindOf(frame.file) === 'own')
  const isNewRun = (frame: Frame, i: number) => i === 0 || ownerOf(frame.file) !== ownerOf(path[i - 1]!.file)
  if (firstOwn >= 0)
    return path.filter((frame, i) => i >= firstOwn && (kindOf(frame.file) === 'own' || isNewRun(frame, i)))
  const lastRun = path.findLastIndex(isNewRun)
  return path.filter((_, i) => i === lastRun || (i === path.length - 1 && i !== lastRun))
}

function stepOf(frame: Frame): Step {
  const kind = kindOf(frame.file)
  const name = frame.async ? `async ${frame.function}` : frame.function
  // Lines of foreign code say nothing to most people, and would tear its functions apart.
  return { kind, name, file: frame.file, line: kind === 'own' ? frame.line : 0 }
}

export function kindOf(file: string): FlameKind {
  if (file === '' || file.startsWith('node:')) return 'platform'
  return packageOf(file) === undefined ? 'own' : 'library'
}

/** Frames that follow each other and have the same owner are one run; native frames have none. */
function ownerOf(file: string): string {
  if (file.startsWith('node:')) return 'node:'
  return packageOf(file) ?? file
}

/** `express`, `@koa/router`: the innermost package that the file is in. */
export function packageOf(file: string): string | undefined {
  return /^.*[\\/]?node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]
}

function add(root: FlameNode, steps: Step[], { time, samples, route }: StackSum): void {
  const count = (at: FlameNode) => {
    at.time += time
    at.samples += samples
    at.routes.set(route, (at.routes.get(route) ?? 0) + time)
  }
  let at = root
  count(at)
  for (const step of steps) {
    const key = `${step.name}|${step.file}|${step.line}`
    let child = at.children.find((one) => one.key === key)
    if (!child) at.children.push((child = node(key, step)))
    count(child)
    at = child
  }
  at.self += time
}

function node(key: string, step: Step): FlameNode {
  return { key, ...step, time: 0, self: 0, samples: 0, routes: new Map(), children: [] }
}

function order(at: FlameNode): void {
  at.children.sort((a, b) => b.time - a.time || (a.key < b.key ? -1 : 1))
  for (const child of at.children) order(child)
}

/** The nodes on the way, as far as it exists; the root comes first. */
export function along(root: FlameNode, path: readonly string[]): FlameNode[] {
  const nodes = [root]
  for (const key of path) {
    const next = nodes.at(-1)!.children.find((child) => child.key === key)
    if (!next) break
    nodes.push(next)
  }
  return nodes
}

/** The ways of all nodes `depth` steps below the root, from left to right, of those below `within`. */
export function pathsAt(root: FlameNode, within: readonly string[], depth: number): string[][] {
  const paths: string[][] = []
  const visit = (at: FlameNode, path: string[]): void => {
    if (path.length === depth) {
      if (path.length > 0) paths.push(path)
      return
    }
    const only = path.length < within.length ? within[path.length] : undefined
    for (const child of at.children) if (only === undefined || child.key === only) visit(child, [...path, child.key])
  }
  visit(root, [])
  return paths
}

/** The way to the frame with the most time of its own that `fits`; undefined where none does. */
export function heaviest(root: FlameNode, fits: (node: FlameNode, path: FlameNode[]) => boolean): string[] | undefined {
  let best: { time: number; path: string[] } | undefined
  const visit = (at: FlameNode, path: FlameNode[]): void => {
    if (path.length > 0 && fits(at, path) && (best === undefined || at.time > best.time)) {
      best = { time: at.time, path: path.map((one) => one.key) }
    }
    for (const child of at.children) visit(child, [...path, child])
  }
  visit(root, [])
  return best?.path
}
