/** Six routes that take known shares of the loop, in pieces of 0.1 to 20 ms, at once and after awaits. Says what each took. */
import { createServer } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { setRoute } from '@loopscope/agent/api'
import { arrowsOf } from './arrows.js'
import { now } from './clock.js'

const taken = {}
let units = 1

function account(route, from) {
  const ms = now() - from
  taken[route] = (taken[route] ?? 0) + ms
}

function tiny(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- tiny
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- tiny
  }
  return sum
}
function small(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- small
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- small
  }
  return sum
}
function mixed(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- mixed
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- mixed
  }
  return sum
}
function medium(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- medium
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- medium
  }
  return sum
}
function large(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- large
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- large
  }
  return sum
}
function huge(ms) {
  let sum = 1
  for (let i = 0; i < ms * units; i++) {
    // <- huge
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- huge
  }
  return sum
}

/** Each: its work, ms of a piece, pieces a request, what it waits for before each. */
const routes = {
  tiny: [tiny, 0.1, 60, nextTurn],
  small: [small, 0.5, 12, undefined],
  mixed: [mixed, 1, 6, () => sleep(2)],
  medium: [medium, 3, 2, undefined],
  large: [large, 8, 1, nextTurn],
  huge: [huge, 20, 1, undefined],
}

async function serve(name) {
  const [work, ms, pieces, wait] = routes[name]
  for (let i = 0; i < pieces; i++) {
    if (wait) await wait()
    const from = now()
    work(ms)
    account(name, from)
  }
  return 'done'
}

const server = createServer(async (request, response) => {
  const name = request.url.slice(1)
  setRoute(`/${name}`)
  response.end(await serve(name))
})

/** How many units a ms is, once V8 has compiled them. */
function calibrate() {
  units = 100_000
  for (let i = 0; i < 30; i++) for (const [work] of Object.values(routes)) work(1)
  const from = now()
  for (const [work] of Object.values(routes)) work(3)
  units *= 18 / (now() - from)
}

server.listen(0, '127.0.0.1', async () => {
  calibrate()
  await sleep(300)
  process.on('message', ({ ask }) => {
    if (ask === 'totals')
      process.send({
        taken,
        busy: performance.eventLoopUtilization().active,
        lines: arrowsOf(new URL(import.meta.url)),
      })
  })
  process.send?.({ port: server.address().port })
})
