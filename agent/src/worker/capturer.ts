/**
 * Asks the main thread for a capture, through the inspector. Connect, post and disconnect are queued together and taken in
 * this order at V8's next interrupt check, so nobody waits here; an open session would make Node print "Waiting for the
 * debugger to disconnect..." at the program's exit.
 */
import { Session } from 'node:inspector'
import { CLOCK } from '@loopscope/collector/protocol'
import { CAPTURE_KEY } from '../program/capture-key.ts'

/** beat: the turn that is to be captured, or -1 for whatever runs. */
export type Capturer = (beat: number, reason: number) => void

/** `clock`: of the main thread's channel. */
export function createCapturer(clock: Float64Array, now: () => number): Capturer {
  return (beat, reason) => {
    const session = new Session()
    session.connectToMainThread()
    // Not in the expression: a sample's is always the same and comes from V8's cache, another one takes 80 us to compile.
    clock[CLOCK.asked] = now()
    const expression = `globalThis[Symbol.for('${CAPTURE_KEY}')]?.(${beat},${reason})`
    session.post('Runtime.evaluate', { expression, silent: true })
    session.disconnect()
  }
}
