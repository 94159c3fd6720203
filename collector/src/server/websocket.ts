import type { WebSocket } from 'ws'

/** How long the other side has to answer a close. */
const GRACE_MS = 2000

/** Closes, and cuts the line if the other side does not answer: ws itself would hold the process for 30 s. */
export function closeSoon(socket: WebSocket, code: number, reason: string): void {
  // A close frame holds 123 bytes of reason.
  socket.close(
    code,
    Buffer.from(reason)
      .subarray(0, 120)
      .toString()
      .replace(/\ufffd+$/, ''),
  )
  const timer = setTimeout(() => socket.terminate(), GRACE_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}
