/** The processes of a benchmark: whatever way it ends, they end with it. */
import { spawn, type ChildProcess } from 'node:child_process'

const KILL_AFTER_MS = 3000
/** A preload that ends the process when its IPC channel closes: for the case that the benchmark itself is killed. */
const TETHER = new URL('../servers/tether.js', import.meta.url).href

export interface ChildOptions {
  /** The command line before that of node: `taskset -c 0`, `valgrind …`. */
  prefix?: readonly string[]
  node?: string
  /** Preloads, in this order, and options of node. */
  nodeArgs?: readonly string[]
  script: string
  args?: readonly string[]
  cwd: string
  environment?: NodeJS.ProcessEnv
}

export interface Child {
  readonly pid: number
  /** The next message, or an error if the process ends before. */
  receive<T>(): Promise<T>
  ask<T>(message: object): Promise<T>
  /** The last that it has written to stdout and stderr. */
  said(): string
  stop(): Promise<void>
}

export class Children {
  readonly #running = new Set<ChildProcess>()

  start({
    prefix = [],
    node = process.execPath,
    nodeArgs = [],
    script,
    args = [],
    cwd,
    environment,
  }: ChildOptions): Child {
    const [command, ...rest] = [...prefix, node, ...nodeArgs, '--import', TETHER, script, ...args]
    // Detached: Ctrl-C in a terminal goes to the whole group, and it is the benchmark that ends its children.
    const child = spawn(command!, rest, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#running.add(child)
    let said = ''
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
    }
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    }).finally(() => this.#running.delete(child))

    const waiting: ((message: unknown) => void)[] = []
    const early: unknown[] = []
    child.on('message', (message) => {
      const next = waiting.shift()
      if (next) next(message)
      else early.push(message)
    })
    const receive = async <T>(): Promise<T> => {
      if (early.length > 0) return early.shift() as T
      const message = new Promise<{ message: unknown }>((resolve) => waiting.push((message) => resolve({ message })))
      const first = await Promise.race([message, ended])
      if (typeof first !== 'string') return first.message as T
      throw new Error(`${script} ended unexpectedly (${first})${said === '' ? '' : `; it said:\n${said}`}`)
    }
    return {
      pid: child.pid ?? 0,
      said: () => said,
      receive,
      ask(message) {
        child.send(message, () => {})
        return receive()
      },
      async stop() {
        child.kill('SIGTERM')
        const kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
        await ended
        clearTimeout(kill)
      },
    }
  }

  /** At once and without waiting: the benchmark is being ended itself. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGTERM')
  }
}
