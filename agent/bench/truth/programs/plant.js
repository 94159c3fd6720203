/** Plants a block and writes down the truth of it. */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'
import { arrowsOf } from './arrows.js'
import { now } from './clock.js'
import { loops } from './kinds/loops.js'
import { natives } from './kinds/natives.js'
import { queues } from './kinds/queues.js'
import { collections, runDelay, turns, watchTurns } from './witness.js'

const FILES = new Map([
  ['loops', loops],
  ['natives', natives],
  ['queues', queues],
])
export const kinds = [...FILES.values()].flat()
const planted = []
/** Units that take a ms, by kind. */
const rates = new Map(kinds.map(({ name }) => [name, 1]))

/** Not the culprit: what ran in the same turn after it. */
function writeAudit() {
  let sum = 1
  for (let i = 0; i < 200_000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff
  return sum
}

/** `awaited`: behind three awaits; `decoy`: something short comes right after; `isRecorded`: not a warm-up. */
export async function plant(kind, ms, { awaited, decoy, isRecorded }) {
  const { name } = kind
  if (awaited) await first()
  const wanted = Math.min(ms, kind.most ?? Infinity)
  const units = kind.fixed ? wanted : wanted * rates.get(name)
  let start = 0
  let end = 0
  let delay = 0
  const mark = {
    begin() {
      delay = runDelay()
      start = now()
    },
    end() {
      end = now()
      delay = runDelay() - delay
    },
  }
  if (kind.later) await kind.later(units, mark)
  else {
    let input = units
    if (kind.prepare) input = await kind.prepare(units)
    else if (kind.input) input = kind.input(units)
    mark.begin()
    kind.block(input)
    mark.end()
  }
  if (decoy) writeAudit()
  const until = kind.later ? end : now()
  const took = Math.max(0.5, end - start - delay)
  if (!kind.fixed)
    rates.set(name, rates.get(name) * Math.max(0.3, Math.min(4, isRecorded ? Math.sqrt(wanted / took) : wanted / took)))
  if (isRecorded) planted.push({ kind: name, wanted: ms, start, end, until, runDelay: delay, awaited, decoy })
}

async function first() {
  await null
  await second()
}
async function second() {
  await sleep(1)
  await third()
}
async function third() {
  await null
}

/** Finds out how much work a ms is, and lets V8 compile all of it. */
export async function warmUp(names) {
  watchTurns()
  for (const ms of [3, 6, 6, 12, 12]) {
    for (const kind of kinds.filter(({ name }) => names.includes(name))) {
      await plant(kind, ms, { awaited: false, decoy: true, isRecorded: false })
      await sleep(2)
    }
  }
  await sleep(200)
}

export function write(path) {
  const truth = { threadId, planted, turns, collections, kinds: expectations() }
  writeFileSync(path, JSON.stringify(truth))
}

function expectations() {
  const result = {}
  for (const [file, some] of FILES) {
    const path = fileURLToPath(new URL(`kinds/${file}.js`, import.meta.url))
    const arrows = arrowsOf(path)
    for (const { name, functions, api, package: inPackage, frames, causes, sleeps } of some) {
      const lines = arrows[name]
      if (!lines) throw new Error(`no line of ${path} has an arrow to ${name}`)
      const file = relative(process.cwd(), path)
      result[name] = {
        functions,
        file,
        lines,
        api,
        package: inPackage ?? null,
        frames: frames ?? [],
        causes,
        sleeps: sleeps ?? false,
        route: `GET /${name}/:ms`,
      }
    }
  }
  return result
}
