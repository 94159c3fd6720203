/**
 * Asks the user's worker threads for captures. The inspector reaches the main thread only, which hands messages on to its
 * workers (the NodeWorker domain); a thread takes them by interrupt too. That takes some ms and the main thread's help, so it
 * is for blocks alone. One session at a time asks for all captures that are wanted by then.
 */
import { Session } from 'node:inspector'
import { CAPTURE, CONTROL, type Channel } from '@loopscope/collector/protocol'
import { CAPTURE_KEY } from '../program/capture-key.ts'
import { announce, type Capturer } from './capturer.ts'

/** A main thread that is itself held in a native call does not hand on anything. */
const GIVE_UP_MS = 500

interface Attached {
  params: { sessionId: string; workerInfo: { title: string } }
}

/** `main`: the main thread's channel. */
export function createThreadCapturers(main: Channel): (threadId: number, channel: Channel) => Capturer {
  /** The expressions to evaluate, by thread. */
  const wanted = new Map<number, string>()
  let isAsking = false

  function ask(): void {
    // A thread that is being terminated would lose that: program/guard.ts has the other half.
    Atomics.store(main.control, CONTROL.askingThreads, 1)
    if (Atomics.load(main.control, CONTROL.ending) > 0) {
      Atomics.store(main.control, CONTROL.askingThreads, 0)
      wanted.clear()
      return
    }
    isAsking = true
    const asked = new Map(wanted)
    wanted.clear()
    let replies = asked.size
    const session = new Session()
    const timer = setTimeout(end, GIVE_UP_MS)
    let isOver = false
    function end(): void {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      session.disconnect()
      isAsking = false
      Atomics.store(main.control, CONTROL.askingThreads, 0)
      if (wanted.size > 0) ask()
    }
    session.connectToMainThread()
    session.on('NodeWorker.attachedToWorker', (({ params }: Attached) => {
      // The title is all that tells which thread it is: "[worker 3] WorkerThread".
      const threadId = Number(/^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1])
      const expression = asked.get(threadId)
      if (expression === undefined) return
      asked.delete(threadId)
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression, silent: true } })
      session.post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message }, () => {})
    }) as () => void)
    session.on('NodeWorker.receivedMessageFromWorker', () => {
      if (--replies === 0) end()
    })
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {
      // All threads have shown themselves by now: the others have ended.
      replies -= asked.size
      if (replies === 0) end()
    })
  }

  return (threadId, { control }) =>
    (beat, asked) => {
      // When it is taken says nothing of the thread: the way is too long.
      const reason = asked === CAPTURE.asleep ? CAPTURE.block : asked
      if (!wanted.has(threadId) && !announce(control, reason)) return
      wanted.set(threadId, `globalThis[Symbol.for('${CAPTURE_KEY}')]?.(${beat},${reason})`)
      if (!isAsking) ask()
    }
}
