/**
 * Blocks behind awaits and in callbacks, and turns made long by many small callbacks. These say themselves when they
 * begin and end: `mark.begin()`, `mark.end()`. See loops.js for units and arrows.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

function piece(units) {
  let sum = 1
  for (let i = 0; i < units * 500_000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff // <- nested // <- timer
  return sum
}

function pickShelf(units) {
  return piece(units) // <- nested
}

function packBox(units, mark) {
  mark.begin()
  pickShelf(units)
  mark.end()
}

async function reserve(units, mark) {
  await sleep(1)
  packBox(units, mark)
}

async function order(units, mark) {
  await nextTurn()
  await reserve(units, mark)
}

async function checkout(units, mark) {
  await null
  await order(units, mark)
}

function inTimer(units, mark) {
  return new Promise((resolve) => {
    setTimeout(function expireCarts() {
      mark.begin()
      piece(units)
      mark.end()
      resolve()
    }, 2)
  })
}

/** How long each of the many small callbacks takes. */
const SMALL = 0.05

function drip(left, sum, done) {
  for (let i = 0; i < SMALL * 500_000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff // <- ticks
  if (left > 0)
    process.nextTick(drip, left - 1, sum, done) // <- ticks
  else done(sum)
}

function flood(units, mark) {
  return new Promise((resolve) => {
    mark.begin()
    drip(Math.ceil(units / SMALL), 1, () => {
      mark.end()
      resolve()
    })
  })
}

async function pump(units, mark) {
  mark.begin()
  let sum = 1
  for (let left = Math.ceil(units / SMALL); left > 0; left--) {
    // <- microtasks
    for (let i = 0; i < SMALL * 500_000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff // <- microtasks
    await null // <- microtasks
  }
  mark.end()
  return sum
}

let sum = 1
function sendOne() {
  for (let i = 0; i < SMALL * 500_000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff // <- immediates
}

async function sendAll(units, mark) {
  await new Promise((resolve) => {
    setImmediate(mark.begin)
    for (let left = Math.ceil(units / SMALL); left > 0; left--) setImmediate(sendOne)
    setImmediate(() => {
      mark.end()
      resolve()
    })
  })
}

const common = { api: null, causes: ['js'] }

export const queues = [
  {
    ...common,
    name: 'nested',
    functions: ['piece', 'pickShelf'],
    frames: ['pickShelf', 'packBox', 'reserve', 'order', 'checkout'],
    later: checkout,
  },
  { ...common, name: 'timer', functions: ['piece', 'expireCarts'], later: inTimer },
  { ...common, name: 'ticks', functions: ['drip'], later: flood },
  { ...common, name: 'microtasks', functions: ['pump'], later: pump },
  { ...common, name: 'immediates', functions: ['sendOne'], later: sendAll },
]
