import type { Server } from 'node:net'
import { once } from 'node:events'
import { ServerError } from './errors.ts'
import type { Log } from './log.ts'

/** How many ports are tried, the first one included. */
const MAX_TRIES = 20

/** Listens on the port, or on the next free one above it. Returns the port. */
export async function listenTcp(server: Server, host: string, port: number, log: Log): Promise<number> {
  const last = port === 0 ? 0 : Math.min(65535, port + MAX_TRIES - 1)
  for (let candidate = port; candidate <= last; candidate++) {
    const problem = await tryToListen(server, host, candidate)
    if (problem === null) {
      const taken = (server.address() as { port: number }).port
      if (port !== 0 && taken !== port)
        log('warn', 'port-taken', `port ${port} is taken, listening on ${host}:${taken}`)
      return taken
    }
    if (problem.code !== 'EADDRINUSE') throw cannotListen(host, candidate, problem)
  }
  throw new ServerError(
    'ports-taken',
    `the ports ${port} to ${last} of ${host} are all taken`,
    'set LOOPSCOPE_LISTEN to another host:port, or to port 0 for any free one',
  )
}

async function tryToListen(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  // exclusive: in a cluster each process has a port of its own, not one that the primary shares out.
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

function cannotListen(host: string, port: number, { code, message }: NodeJS.ErrnoException): ServerError {
  const remedy =
    code === 'EACCES'
      ? 'take a port above 1023'
      : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
        ? 'name an address of this machine'
        : 'set LOOPSCOPE_LISTEN to another host:port'
  return new ServerError('listen-failed', `cannot listen on ${host}:${port} (${message})`, remedy)
}
