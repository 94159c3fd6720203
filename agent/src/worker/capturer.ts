/**
 * Asks the main thread for a capture, through the inspector. Connect, post and disconnect are queued together and taken in
 * this order at V8's next interrupt check, so nobody waits here; an open session would make Node print "Waiting for the
 * debugger to disconnect..." at the program's exit.
 */
import { Session } from 'node:inspector'
import { CLOCK, CONTROL, type Channel } from '@loopscope/collector/protocol'
import { CAPTURE_KEY } from '../program/capture-key.ts'

/** Without an answer for so long, it was lost: at the end of the stack there is no room to call it, or it is not there. */
const LOST_MS = 1000

/** beat: the turn that is to be captured, or -1 for whatever runs. */
export type Capturer = (beat: number, reason: number) => void

/** Of the main thread, by its channel. */
export function createCapturer({ clock, control }: Pick<Channel, 'clock' | 'control'>, now: () => number): Capturer {
  return (beat, reason) => {
    // All that are asked for within one native call would be taken at its end, at the same place: one is enough.
    const time = now()
    const asked = clock[CLOCK.asked]!
    if (asked > 0 && time - asked < LOST_MS) return
    if (!announce(control, reason)) return
    const session = new Session()
    session.connectToMainThread()
    // Not in the expression: a sample's is always the same and comes from V8's cache, another one takes 80 us to compile.
    clock[CLOCK.asked] = time
    const expression = `globalThis[Symbol.for('${CAPTURE_KEY}')]?.(${beat},${reason})`
    session.post('Runtime.evaluate', { expression, silent: true })
    session.disconnect()
  }
}

/** Says that a capture is about to be asked for; false if the thread does not want any (program/guard.ts has the other half). */
export function announce(control: Int32Array, reason: number): boolean {
  Atomics.add(control, CONTROL.asking, 1)
  if (Atomics.load(control, CONTROL.guarded) === 0) return true
  Atomics.sub(control, CONTROL.asking, 1)
  Atomics.store(control, CONTROL.owed, 1 + reason)
  return false
}
