/**
 * The agent as users preload it, and beside it a worker that asks for captures as often as SAFETY_RATE says, by the agent's own
 * capturer. How many were taken is written to SAFETY_FOLDER at the end of each process.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, Worker } from 'node:worker_threads'
import { CONTROL, openChannel } from '@loopscope/collector/protocol'

const { SAFETY_FOLDER: folder, SAFETY_RATE: rate } = process.env
// What only starts other programs is not what is tested: the runner of `node --test` is one.
const isRunner = process.execArgv.includes('--test') && process.env.NODE_TEST_CONTEXT === undefined

if (isMainThread && folder !== undefined && !isRunner) {
  const channel = openChannel(await startAgent())
  const asker = new Worker(new URL('asker.js', import.meta.url), {
    workerData: { buffer: channel.buffer, everyMs: 1000 / Number(rate) },
    execArgv: [],
    stdout: true,
    stderr: true,
    trackUnmanagedFds: false,
  })
  // As the agent's own worker: nothing of it holds the process (agent/src/program/host.ts).
  asker.stdout.destroy()
  asker.stderr.destroy()
  asker.unref()

  const began = performance.now()
  const taken = () => channel.control[CONTROL.captures]
  const marks = []
  // How the torture program knows that captures fell into each of its checks.
  Object.defineProperty(globalThis, Symbol.for('loopscope.bench.safety'), {
    value: { taken, mark: (name, captures) => marks.push({ name, captures }) },
  })
  const write = writeFileSync
  const clock = performance.now.bind(performance)
  process.on('exit', () => {
    const about = { captures: taken(), seconds: (clock() - began) / 1000, marks }
    write(join(folder, `${process.pid}.json`), JSON.stringify(about))
  })
}

/** Its channel is the first shared memory that it makes: nothing else of it has to be known, or changed, for the test. */
async function startAgent() {
  const Real = globalThis.SharedArrayBuffer
  let buffer
  globalThis.SharedArrayBuffer = new Proxy(Real, {
    construct(target, args) {
      const made = new target(...args)
      buffer ??= made
      return made
    },
  })
  try {
    await import('agent')
  } finally {
    globalThis.SharedArrayBuffer = Real
  }
  if (buffer === undefined) throw new Error('the agent did not start: is it switched off?')
  return buffer
}
