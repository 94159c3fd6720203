/** What the programs have in common: what their handlers do, and how they talk to the benchmark. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort } from 'node:worker_threads'
import { kinds, plant, warmUp, write } from './plant.js'

const byName = new Map(kinds.map((kind) => [kind.name, kind]))

export const kindNames = [...byName.keys()]

export async function block(name, ms, query) {
  await plant(byName.get(name), Number(ms), {
    awaited: query.awaited === '1',
    decoy: query.decoy === '1',
    isRecorded: true,
  })
  return 'done'
}

/** The light load: waits, and does very little. */
export async function background(id) {
  await sleep(4 + (Number(id) % 20))
  return JSON.stringify({ id, items: Array.from({ length: 20 }, (_, i) => ({ id: i, name: `item ${i}` })) })
}

/** Those of the kinds that are named in the program's arguments are planted. */
export async function announce(port) {
  await warmUp(process.argv.slice(2))
  const say = isMainThread ? (message) => process.send?.(message) : (message) => parentPort.postMessage(message)
  const hear = ({ path }) => {
    write(path)
    say({ written: path })
  }
  if (isMainThread) process.on('message', hear)
  else parentPort.on('message', hear)
  say({ port, readyAt: Date.now() })
}
