/**
 * A closed loop over keep-alive connections: each sends its next request when it has its answer. It parses no more than
 * it must, so that one core can load a server on another one.
 */
import { connect, type Socket } from 'node:net'

export interface LoadTask {
  port: number
  connections: number
  requests: number
  method: 'GET' | 'POST'
  path: string
  /** JSON bodies, used in turn; none for a GET. */
  bodies?: readonly string[]
}

export interface LoadResult {
  seconds: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

function run(task: LoadTask): Promise<LoadResult> {
  const messages = (task.bodies ?? ['']).map((body) => Buffer.from(request(task, body)))
  let sent = 0
  let answered = 0
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = []
    const finish = (error?: Error): void => {
      for (const socket of sockets) socket.destroy()
      if (error) reject(error)
      else resolve({ seconds: (performance.now() - began) / 1000 })
    }
    const next = (socket: Socket): void => {
      if (sent === task.requests) return
      socket.write(messages[sent++ % messages.length]!)
    }
    const began = performance.now()
    for (let i = 0; i < Math.min(task.connections, task.requests); i++) {
      const socket = connect(task.port, '127.0.0.1', () => next(socket)).setNoDelay(true)
      sockets.push(socket)
      let pending: Buffer | undefined
      socket.on('error', finish)
      socket.on('close', () => answered < task.requests && finish(new Error('the server closed a connection')))
      socket.on('data', (chunk) => {
        pending = pending === undefined ? chunk : Buffer.concat([pending, chunk])
        const length = messageLength(pending)
        if (length === undefined || pending.length < length) return
        if (pending.toString('latin1', 9, 12) !== '200') return finish(new Error(pending.toString('latin1', 0, 400)))
        pending = undefined
        if (++answered === task.requests) finish()
        else next(socket)
      })
    }
  })
}

/** undefined until the whole head is there. */
function messageLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return undefined
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
  if (length === undefined) throw new Error('an answer without a content-length')
  return end + HEAD_END.length + Number(length)
}

function request({ method, path }: LoadTask, body: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`
  if (body === '') return `${head}\r\n`
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

process.on('message', (task: LoadTask) => {
  run(task).then(
    (result) => process.send!(result),
    (error: Error) => process.send!({ error: error.message }),
  )
})
