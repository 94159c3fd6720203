/** A server on a free port, and a client that is not the one of the observed program. */
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Served {
  port: number
  /** Resolves with the status and the body. */
  get(path: string, method?: string): Promise<{ status: number; text: string }>
  close(): void
}

export async function serve(listener: RequestListener | Server): Promise<Served> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  if (!server.listening) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const { port } = server.address() as AddressInfo
  return {
    port,
    async get(path, method = 'GET') {
      const client = get({ port, path, method, agent: false })
      const [response] = (await once(client, 'response')) as [IncomingMessage]
      let text = ''
      for await (const chunk of response) text += String(chunk)
      return { status: response.statusCode!, text }
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
