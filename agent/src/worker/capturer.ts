/**
 * Asks the main thread for a capture, through the inspector. Connect, post and disconnect are queued together and taken in
 * this order at V8's next interrupt check, so nobody waits here; an open session would make Node print "Waiting for the
 * debugger to disconnect..." at the program's exit.
 */
import { Session } from 'node:inspector'
import { CAPTURE_KEY } from '../program/capture-key.ts'

/** beat: the turn that is to be captured, or -1 for whatever runs. */
export type Capturer = (beat: number, reason: number) => void

export function createCapturer(): Capturer {
  return (beat, reason) => {
    const session = new Session()
    session.connectToMainThread()
    const expression = `globalThis[Symbol.for('${CAPTURE_KEY}')]?.(${beat},${reason})`
    session.post('Runtime.evaluate', { expression, silent: true })
    session.disconnect()
  }
}
