/** A user's worker thread shows itself to the agent's worker, now and whenever that asks (it may start later, or again). */
import { BroadcastChannel } from 'node:worker_threads'
import { threadChannelName, type ThreadInfo, type ThreadMessage } from '../worker/messages.ts'

export function announceThread(thread: ThreadInfo): void {
  const siblings = new BroadcastChannel(threadChannelName(process.pid))
  const show = (): void => siblings.postMessage({ type: 'thread', thread } satisfies ThreadMessage)
  siblings.onmessage = (event) => {
    if ((event as { data: ThreadMessage }).data.type === 'who') show()
  }
  siblings.unref()
  show()
}
