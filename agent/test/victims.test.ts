/** Who had to wait for a block is told: exactly where that can be known, and as an estimate where it can not. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BlameRow, BlockRow, RouteRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { start, type Running } from './support/program.ts'

/** By performance.now() of the program. */
interface Truth {
  due: { timer: number; promise: number }
  begin: number
  end: number
}

interface Found {
  truth: Truth
  block: BlockRow
  blame: BlameRow[]
  routes: RouteRow[]
}

/** All routes wait, `blocker` holds the loop from before the timers are due until after. */
async function observe(running: Running, blocker: string): Promise<Found | undefined> {
  const port = await portOf(running)
  await running.ready()
  const route = `GET /${blocker}`
  const routes = ['timer', 'promise', 'sleeper', 'socket']
  const waiting = routes.map((name) => get(port, `/${name}`))
  for (const name of routes) await running.printed(new RegExp(`^began ${name}$`, 'm'))
  await get(port, `/${blocker}`)
  const truth = JSON.parse((await running.printed(/^truth (.*)$/m))[1]!) as Truth
  await Promise.all(waiting)
  const block = await running.until(`the block of ${route}`, async () =>
    (await running.table('blocks')).find((one) => !one.open && one.route === route && one.duration > 100),
  )
  // It counts once all evidence is in.
  await sleep(1500)
  const blame = (await running.table('blame')).filter((row) => row.culprit === route)
  const seen = await running.table('routes')
  // A machine that was busy elsewhere kept the requests from coming in time, or the captures.
  const { timer, promise } = truth.due
  return truth.begin < Math.min(timer, promise) - 20 && block.function === 'spinPastDue'
    ? { truth, block, blame, routes: seen }
    : undefined
}

suite('victims of a block', { concurrency: 2 }, () => {
  for (const blocker of ['block', 'later']) {
    test(`by a ${blocker === 'block' ? 'request that comes' : 'request that goes on after a timer'}`, async (t) => {
      let found: Found | undefined
      for (let left = 5; !found; left--) {
        assert.ok(left > 0, 'no round was in time')
        const running = start(t, 'victims.js')
        found = await observe(running, blocker)
        await running.stop()
      }
      const { truth, block, blame, routes } = found
      const { byRoute, time, exact } = block.victims
      t.diagnostic(JSON.stringify({ truth, duration: block.duration, victims: block.victims, blame }))

      // The turn goes on after the code that held it; so much more is true of it.
      const rest = Math.max(0, block.duration - (truth.end - truth.begin))
      const rows = new Map(blame.map((row) => [row.route, row]))
      for (const name of ['timer', 'promise'] as const) {
        const route = `GET /${name}`
        assert.equal(byRoute[route], 1, route)
        const row = rows.get(route)!
        assert.deepEqual([row.function, row.count, row.isEstimate], ['spinPastDue', 1, false])
        const late = truth.end - truth.due[name]
        assert.ok(
          row.time > late - 5 && row.time < late + rest + 5,
          `${route}: ${row.time} ms of ${late} and at most ${rest} more`,
        )
        const { breakdown } = routes.find((one) => one.route === route)!
        assert.ok(
          Math.abs(breakdown.loopWait! - row.time) < 2 + row.time * 0.2,
          `${route}: ${JSON.stringify(breakdown)}`,
        )
      }
      for (const name of ['sleeper', blocker]) {
        const { breakdown } = routes.find((one) => one.route === `GET /${name}`)!
        assert.equal(breakdown.loopWait, undefined, name)
      }
      assert.equal(byRoute['GET /sleeper'], undefined, 'it slept on')
      assert.equal(byRoute[`GET /${blocker}`], undefined, 'nobody is a victim of his own')
      assert.equal(byRoute['GET /socket'], 1)
      assert.equal(rows.get('GET /socket')!.isEstimate, true)
      assert.ok(exact! > 0 && exact! < time)
      // Half of the block; or of what was over of it, where the answer was taken in the same turn.
      const estimate = time - exact!
      assert.ok(
        estimate <= block.duration / 2 + 1 && estimate > block.duration / 8,
        `${estimate} of ${block.duration} ms`,
      )
    })
  }
})
