/**
 * The local socket, for the user's own tools: a file of mode 0600 in a directory of mode 0700, so no token is needed.
 * Synchronous file calls: asynchronous ones would wait for a thread of the pool that the program may have filled.
 */
import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { ServerError } from './errors.ts'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the closing zero. */
const MAX_PATH_BYTES = 103

export async function listenUnix(server: Server, path: string): Promise<void> {
  const isPipe = process.platform === 'win32'
  if (!isPipe) {
    if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
      throw problem(`${path} is longer than ${MAX_PATH_BYTES} bytes`, 'set XDG_RUNTIME_DIR or TMPDIR to a shorter path')
    }
    prepareDirectory(dirname(path))
    await removeStale(path)
  }
  server.listen({ path, exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw problem(`cannot listen on ${path} (${(error as Error).message})`, 'check the rights of its directory')
  }
  if (!isPipe) chmodSync(path, 0o600)
}

/** In a shared place like /tmp somebody else may have made the directory first, to listen in. */
function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { mode, uid } = lstatSync(directory)
    if (!lstatSync(directory).isDirectory() || uid !== process.getuid!()) {
      throw problem(`${directory} is not a directory of this user`, 'remove it, or set XDG_RUNTIME_DIR')
    }
    if ((mode & 0o077) !== 0) chmodSync(directory, 0o700)
  } catch (error) {
    if (error instanceof ServerError) throw error
    throw problem(`cannot use the directory ${directory} (${(error as Error).message})`, 'set XDG_RUNTIME_DIR')
  }
}

/** The socket of a process that did not live to remove it; a process id comes round again. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw problem(`${path} is there and is no socket`, 'move it away')
  if (await answers(path)) throw problem(`another process listens on ${path}`, 'stop it, or give another path')
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function problem(message: string, remedy: string): ServerError {
  return new ServerError('socket-failed', message, remedy)
}
