// Holds its loop, with leave and without, now and after an await.
import { setTimeout as sleep } from 'node:timers/promises'
import { allowBlocking } from '@loopscope/agent/api'

function hold(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function forbidden() {
  hold(120)
}

async function importPrices() {
  hold(150)
  await sleep(30)
  hold(200)
  await sleep(30)
}

const value = {}
let thrown = 0
console.log('ready')
process.stdin.once('data', async () => {
  const same = allowBlocking(() => (hold(130), value), 'warm-up') === value
  await sleep(30)
  await allowBlocking(importPrices, 'nightly import')
  forbidden()
  await sleep(30)
  try {
    allowBlocking(() => {
      hold(110)
      throw new Error('planted')
    }, 'throws')
  } catch {
    thrown++
  }
  await sleep(30)
  forbidden()
  console.log(`same ${same} thrown ${thrown}`)
})
