// Runs each kind for a while, captured every few ms by the agent's own capture, and prints the stacks as they came.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { createChannel, EVENT, PART } from '@loopscope/collector/protocol'
import { betterSqlite3 } from '../../agent/dist/hooks/better-sqlite3.js'
import { json } from '../../agent/dist/hooks/json.js'
import { large } from '../../agent/dist/hooks/large.js'
import { startPackageHooks } from '../../agent/dist/hooks/load.js'
import { natives } from '../../agent/dist/hooks/natives.js'
import { Activities } from '../../agent/dist/program/activity.js'
import { installCapture } from '../../agent/dist/program/capture.js'
import { now } from '../../agent/dist/program/clock.js'
import { Recorder } from '../../agent/dist/program/recorder.js'
import { Reader } from '../../agent/dist/worker/reader.js'

const ROUND_MS = 300
const ROOT = new URL('../..', import.meta.url).href
/** Stacks that make up less of a kind's captures are chance: what comes before and after. */
const SHARE = 0.25

const channel = createChannel()
const recorder = new Recorder(channel)
const reader = new Reader(channel)
installCapture({ recorder, activities: new Activities(recorder, now, { context: true }), now })
const context = { recorder, seen: () => {} }
json.start(context)
large.start(context)
natives.start(context)
startPackageHooks([betterSqlite3], context)
// After the hooks: it imports what they wrap.
const { kinds } = await import('./kinds.js')
const LINES = readFileSync(fileURLToPath(new URL('kinds.js', import.meta.url)), 'utf8').split('\n')

const asking = new Int32Array(new SharedArrayBuffer(4))
const capturer = new Worker(new URL('capturer.js', import.meta.url), { workerData: { asking, buffer: channel.buffer } })
capturer.unref()
await sleep(100)

const placeOf = (file) => {
  if (file.startsWith(`${ROOT}agent/dist/`)) return 'file:///agent.js'
  return file.startsWith(ROOT)
    ? `file:///app/${file.slice(ROOT.length)}`
    : file.replace(/.*\/node_modules\//, '/app/node_modules/').replace(/.*loopscope-stacks-\w+/, '/app/data')
}
const shorten = (name) => {
  const [flags, line, column, fn, ...file] = name.split(PART)
  return [flags, line, column, fn, placeOf(file.join(PART))].join('|')
}

/** By the names of their frames: how late each capture was. */
function taken() {
  const tally = new Map()
  let missing = 0
  let stack = []
  reader.drain((kind, id, time, a, b) => {
    if (kind === EVENT.capture) {
      missing = Math.floor(b / 4) % 64
      stack = [Math.floor(b / 256)]
    } else if (kind === EVENT.frames) {
      for (const name of [id, time, a, b]) if (missing > 0 && missing-- > 0) stack.push(shorten(reader.name(name)))
      if (missing > 0) return
      // From the kind's own caller on it is the same for all.
      const end = stack.findIndex((name) => typeof name === 'string' && name.includes('|handle|'))
      if (end < 0) return
      const [late, ...frames] = stack.slice(0, end + 1)
      const known = tally.get(frames.join('\n'))
      tally.set(frames.join('\n'), [...(known ?? []), late])
    }
  })
  return tally
}

function after(value) {
  return value === undefined ? 0 : 1
}

function handle(block) {
  const value = block()
  return after(value)
}

const found = []
for (const [kind, [fn, api, block, untold]] of Object.entries(kinds)) {
  taken()
  const end = performance.now() + ROUND_MS
  while (performance.now() < end) {
    await sleep(2)
    Atomics.store(asking, 0, 1)
    handle(block)
    Atomics.store(asking, 0, 0)
  }
  const tally = [...taken()].sort((a, b) => b[1].length - a[1].length)
  const all = tally.reduce((sum, [, late]) => sum + late.length, 0)
  const stacks = tally
    .filter(([, late], i) => i === 0 || late.length >= all * SHARE)
    .slice(0, 3)
    .map(([key, late]) => {
      const share = Math.round((late.length / all) * 100) / 100
      return { share, late: late.sort((a, b) => a - b)[late.length >> 1], frames: key.split('\n') }
    })
  const line = LINES.findIndex((text) => text.endsWith(`// <- ${kind}`)) + 1
  found.push({ kind, function: fn, line: untold === 'line' ? 0 : line, api, stacks })
}
console.log(JSON.stringify({ node: process.versions.node, kinds: found }))
process.exit()
