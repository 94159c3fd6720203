/**
 * The capture: the stack and the activity of what runs at this moment. The worker posts `Runtime.evaluate` through the
 * inspector; V8 dispatches it by interrupt, so this function runs on top of whatever the thread is executing.
 *
 * V8 says that an interrupt callback must not re-enter the isolate; what makes it work is that Node's inspector dispatches
 * its messages there (src/inspector/main_thread_interface.cc). So this function does the least: no regular expression
 * (its statics are the program's), no getter, no promise made, no timer, no call into the program (built-ins are those of the
 * preload: pristine.ts), no throw, no touch of the program's Error (realm.ts), bounded work; bench:safety watches all of that. It
 * takes about 0.05 ms and says so in clock[captureCost]; connecting and dispatching it takes five times that (bench:record).
 */
import { CAPTURE, CLOCK, CONTROL, EVENT } from '@loopscope/collector/protocol'
import type { Activities } from './activity.ts'
import { CAPTURE_KEY } from './capture-key.ts'
import { floor, isArray, load, mapGet, mapSet, sub } from './pristine.ts'
import { createStackReader } from './realm.ts'
import type { Recorder } from './recorder.ts'
import { aboutFunction, frameName } from './site.ts'

const MAX_FRAMES = 24
/** See EVENT.capture for how they are put together. */
const COUNTS = 64

export interface CaptureOptions {
  recorder: Recorder
  activities: Activities
  now: () => number
  /**
   * Called in the async context of the captured code, still in the interrupt: may only put things aside, or
   * resolve a promise that is there. `promiseIndex`: which promise of a Promise.all the code goes on for, or -1.
   */
  onContext?: (turn: number, reason: number, promiseIndex: number) => void
}

export function installCapture({ recorder, activities, now, onContext }: CaptureOptions): () => void {
  const { control, clock } = recorder.channel
  const files = new Map<string, Map<number, number>>()
  const stackOf = createStackReader()
  const frames = new Float64Array(MAX_FRAMES + 4)
  let capturing = false
  let promiseIndex = -1

  /**
   * beat: the turn that the worker saw (a capture that comes too late discards itself), or -1 for whatever runs now.
   * When it was asked for is in the clock: a native function without interrupt checks makes it wait.
   */
  function capture(beat: number, reason: number): void {
    take(beat, reason)
    if (load(control, CONTROL.asking) > 0) sub(control, CONTROL.asking, 1)
  }

  function take(beat: number, reason: number): void {
    const asked = clock[CLOCK.asked]!
    clock[CLOCK.asked] = 0
    if (capturing || recorder.naming) return
    const turn = control[CONTROL.beat]!
    if (beat >= 0 && turn !== beat) return
    // Near the end of the stack any call can fail: then nothing may be left half done.
    const began = now()
    capturing = true
    try {
      const count = collect(reason === CAPTURE.sample ? MAX_FRAMES / 2 : MAX_FRAMES)
      const activity = activities.current()
      const late = asked > 0 && began > asked ? floor(began - asked) : 0
      recorder.record(EVENT.capture, turn, began, activity ? activity.id : 0, reason + 4 * (count + COUNTS * late))
      for (let i = 0; i < count; i += 4) {
        recorder.record(EVENT.frames, frames[i]!, frames[i + 1]!, frames[i + 2]!, frames[i + 3]!)
      }
      if (onContext) onContext(turn, reason, promiseIndex)
      clock[CLOCK.captureCost]! += now() - began
    } catch {
      // The program comes first: a capture that fails (out of stack, say) is not taken.
    }
    capturing = false
    control[CONTROL.captures]!++
  }

  function collect(limit: number): number {
    const sites = stackOf(limit + 1, capture)
    if (!isArray(sites)) return 0
    let count = 0
    promiseIndex = -1
    // The first site is the evaluated expression itself.
    for (let i = 1; i < sites.length && count < limit; i++) frames[count++] = frameOf(sites[i]!)
    for (let i = count; i < count + 4; i++) frames[i] = 0
    return count
  }

  /** The name id of a frame; line and column are asked for once per position (the first of a script costs its line table). */
  function frameOf(site: NodeJS.CallSite): number {
    const file = site.getFileName() ?? ''
    const isAsync = (site as unknown as { isAsync(): boolean }).isAsync()
    const name = site.getFunctionName() ?? ''
    if (isAsync && promiseIndex < 0) promiseIndex = site.getPromiseIndex() ?? -1
    if (file === '') return recorder.name(frameName(nativeName(site, name), '', 0, 0, isAsync))
    // The wrappers of native functions differ in nothing but their name: hooks/support/landing.ts.
    if (name[0] === 'n' && name[6] === ' ') return recorder.name(frameName(name, file, 0, 0, isAsync))
    const position = (site as unknown as { getPosition(): number }).getPosition() * 2 + (isAsync ? 1 : 0)
    let positions = mapGet(files, file)
    if (positions === undefined) mapSet(files, file, (positions = new Map()))
    let id = mapGet(positions, position)
    if (id === undefined) {
      const line = site.getLineNumber() ?? 0
      const column = site.getColumnNumber() ?? 0
      id = recorder.name(frameName(name, file, line, column, isAsync, aboutFunction(site, file, name, line, column)))
      mapSet(positions, position, id)
    }
    return id
  }

  const symbol = Symbol.for(CAPTURE_KEY)
  Object.defineProperty(globalThis, symbol, { value: capture, configurable: true, enumerable: false })
  return () => {
    delete (globalThis as Record<symbol, unknown>)[symbol]
  }
}

/** A native function by its receiver, as Error.stack shows it: "RegExp.test". V8 reads no getter for that. */
function nativeName(site: NodeJS.CallSite, name: string): string {
  const type = site.getTypeName()
  return type === null || type === '' || name === '' ? name : type + '.' + name
}
