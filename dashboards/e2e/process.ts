/** A child process of the tests: it says what it wrote when it ends too early, and it is gone when stopped. */
import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Running {
  readonly pid: number
  /** What it wrote so far, stdout and stderr together. */
  output(): string
  /** Waits until `probe` gives something; fails when the process ends first. */
  until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined, timeoutMs?: number): Promise<T>
  /** SIGTERM, and SIGKILL after five seconds; resolves with the exit code. */
  stop(): Promise<number | null>
}

export function start(
  name: string,
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)))
  }
  let ended: string | undefined
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => resolve(((ended = error.message), null)))
    child.once('exit', (code, signal) => resolve(((ended = `code ${code ?? signal}`), code)))
  })
  return {
    pid: child.pid ?? 0,
    output: () => output,
    until: (what, probe, timeoutMs = 30_000) =>
      until(`${name}: ${what}`, probe, timeoutMs, () => {
        if (ended !== undefined) throw new Error(`${name} ended (${ended}) before ${what}:\n${output}`)
      }).catch((error: Error) => {
        throw new Error(`${error.message}\n${output}`, { cause: error })
      }),
    async stop() {
      child.kill('SIGTERM')
      const impatience = setTimeout(() => child.kill('SIGKILL'), 5000)
      const code = await exited
      clearTimeout(impatience)
      return code
    },
  }
}

/** Asks again and again until there is an answer. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  check: () => void = () => {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    check()
    const answer = await probe()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`)
    await sleep(100)
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
