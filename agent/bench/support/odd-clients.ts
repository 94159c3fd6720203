/** Clients of the server `mixed`, one after the other and each another way: they abort, stream, upgrade, pipeline, and go. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

type Client = (port: number) => Promise<void>

const KINDS: Record<string, Client> = {
  'go before the answer': (port) => raw(port, get('/slow'), 10),
  'go in the middle of their head': (port) => raw(port, 'GET / HTTP/1.1\r\nHost: l', 5),
  'go in the middle of their body': (port) =>
    raw(port, 'POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf', 5),
  'pipeline and go': (port) => raw(port, get('/slow') + get('/') + get('/events') + get('/later'), 30),
  'pipeline and stay': (port) => raw(port, get('/') + get('/later') + get('/'), 60),
  'read a stream to its end': (port) => raw(port, get('/events'), 80),
  'leave a stream': (port) => raw(port, get('/forever'), 40),
  'are answered before the work is done': (port) => raw(port, get('/later'), 40),
  'talk over a WebSocket': (port) => talk(port, (socket) => socket.close()),
  'cut their WebSocket': (port) => talk(port, (socket) => socket.terminate()),
}

export const ODD_KINDS = Object.keys(KINDS)

/** Until `isOver`; returns how many there have been. */
export async function oddClients(port: number, atOnce: number, isOver: () => boolean): Promise<number> {
  const kinds = Object.values(KINDS)
  let count = 0
  const each = Array.from({ length: atOnce }, async () => {
    while (!isOver()) await kinds[count++ % kinds.length]!(port)
  })
  await Promise.all(each)
  return count
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
}

/** Sends, reads whatever comes, and cuts the line after so long. */
async function raw(port: number, text: string, ms: number): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text))
  socket.on('error', () => {})
  socket.resume()
  await sleep(ms)
  socket.destroy()
}

function talk(port: number, end: (socket: WebSocket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    let left = 3
    socket.on('open', () => socket.send('hello'))
    socket.on('message', () => (--left > 0 ? socket.send('again') : end(socket)))
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
}
