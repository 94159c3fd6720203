/**
 * Start-up: until the program's main module has been evaluated nothing waits for the loop, and what holds it is the
 * loading of modules. That is shown as such, once, and is nobody's fault; captures say which modules took the time.
 */
import { START_UP_TURN } from '../protocol/events.ts'
import type { Frame, ModuleTime } from '../protocol/rows.ts'
import { findCulprit, type Culprit } from './culprit.ts'
import { isOwn, packageOf } from './frame.ts'

/** A start-up that is shorter is not worth a word. */
export const START_UP_MS = 250
/** How often the same function must be seen in start-up for it to be a block of that function. */
const OWN_CAPTURES = 3
const MAX_MODULES = 5

interface Stack {
  stack: readonly Frame[]
}

/**
 * Whether this turn is start-up and no block like others. Code of the program itself that captures find at work again and
 * again (a script that computes, a table that is made) is named like any block.
 */
export function isStartUp(turn: number, captures: readonly Stack[]): boolean {
  if (turn !== START_UP_TURN) return false
  const seen = new Map<string, number>()
  for (const { stack } of captures) {
    const own = ownAtWork(stack)
    if (own) seen.set(`${own.function}\0${own.file}`, (seen.get(`${own.function}\0${own.file}`) ?? 0) + 1)
  }
  const most = Math.max(0, ...seen.values())
  return most < OWN_CAPTURES || most <= captures.length / 2
}

/** The frame of the program that is at work, itself or by what it called; undefined where it waits for a module. */
function ownAtWork(stack: readonly Frame[]): Frame | undefined {
  const at = stack.findIndex((frame) => isOwn(frame) || frame.file.startsWith('node:internal/modules/'))
  return at >= 0 && isOwn(stack[at]!) ? stack[at] : undefined
}

/** The modules that captures found being loaded, the slowest first, each with its share of the time. */
export function modulesOf(captures: readonly Stack[], duration: number): ModuleTime[] {
  const seen = new Map<string, ModuleTime>()
  for (const { stack } of captures) {
    const module = moduleOf(stack)
    if (module === undefined) continue
    const known = seen.get(module.name) ?? { ...module, time: 0 }
    known.time += duration / captures.length
    seen.set(module.name, known)
  }
  const all = [...seen.values()]
  return all.sort((a, b) => b.time - a.time).slice(0, MAX_MODULES)
}

/** The line of the program that asked for the slowest module. */
export function startUpCulprit(captures: readonly Stack[]): Culprit | undefined {
  const slowest = modulesOf(captures, 1)[0]?.name
  const own = captures.filter(({ stack }) => stack.some(isOwn))
  const stack = (own.find((capture) => moduleOf(capture.stack)?.name === slowest) ?? own[0])?.stack
  const culprit = stack && findCulprit(stack)
  return culprit && { ...culprit, api: 'require', cause: 'sync-call' }
}

/** What the program asked for: the outermost package of the stack, else the innermost file of its own. */
function moduleOf(stack: readonly Frame[]): Omit<ModuleTime, 'time'> | undefined {
  const name = stack.map(({ file }) => packageOf(file)).findLast((known) => known !== undefined)
  if (name !== undefined) return { name }
  const own = stack.find(isOwn)?.file
  return own === undefined ? undefined : { name: own, own: true }
}
